import Errors
import JSON
import SystemPackage
import Testing

@testable import DockerTools

@Suite struct SpecFileTests {
    private let directory: SpecDirectory

    init() throws { directory = try SpecDirectory() }

    private func read(_ bytes: [UInt8], as name: String = "spec") throws -> JSONValue {
        try directory.write(bytes, to: name)
        return try SpecFile.read(.anyFile(FilePath(name)), currentDirectory: directory.path).value
    }

    private func failure(_ bytes: [UInt8], as name: String) -> ToolError? {
        do {
            _ = try read(bytes, as: name)
            return nil
        } catch {
            return error as? ToolError
        }
    }

    @Test func contentTellsJSONFromTOML() throws {
        #expect(try read(Array(" \n\t{\"a\": 1}".utf8)) == ["a": 1])
        #expect(try read(Array("\n a = 1".utf8)) == ["a": 1])
        #expect(try read([0xEF, 0xBB, 0xBF] + Array("{\"a\": 1}".utf8)) == ["a": 1])
        #expect(try read([]) == [:])
    }

    @Test func extensionIsBelievedFirst() throws {
        #expect(try read(Array("a = 1".utf8), as: "x.toml") == ["a": 1])
        #expect(
            failure(Array("a = 1".utf8), as: "x.json")?.cause.hasPrefix("it is not valid JSON: line 1, column 1")
                == true
        )
        #expect(
            failure(Array("{\"a\": 1}".utf8), as: "x.toml")?.cause.hasPrefix("it is not valid TOML: line 1") == true)
    }

    @Test func syntaxFaultNamesFileLineAndColumn() {
        #expect(
            failure(Array("{\"name\": \"x\",\n  \"tag\" \"y\"}".utf8), as: "x.json")
                == ToolError(
                    .data, "cannot read the spec 'x.json'",
                    cause: "it is not valid JSON: line 2, column 9: expected ':', found '\"'",
                    remedy: "correct the file; `python3 -m json.tool` shows where a JSON text is invalid"))
        #expect(
            failure(Array("name = \"x\"\ntag = = 1\n".utf8), as: "x.toml")
                == ToolError(
                    .data, "cannot read the spec 'x.toml'",
                    cause: "it is not valid TOML: line 2, column 7: expected a value, found '='",
                    remedy: "correct the file; https://toml.io/en/v1.0.0 has the syntax"))
    }

    @Test func longSpecIsRefused() {
        #expect(
            failure(Array(repeating: 0x20, count: 4 << 20 + 1), as: "x.json")
                == ToolError(
                    .data, "cannot read the spec 'x.json'", cause: "it is longer than the limit of 4194304 bytes",
                    remedy: "check that this is the file you meant"))
    }

    @Test func missingSpecIsBadDataAndUnreadableOneIsIO() throws {
        #expect(
            throws: ToolError(
                .data, "cannot read the spec 'none.json'", cause: "there is no such spec",
                remedy: "check the path; `-` reads a spec from standard input")
        ) { try SpecFile.read(.file("none.json"), currentDirectory: directory.path) }
        let failure = #expect(throws: ToolError.self) {
            try SpecFile.read(.file(directory.path), currentDirectory: "/")
        }
        #expect(failure?.code == .io)
        #expect(failure?.message == "cannot read the spec '\(directory.path)'")
    }

    @Test func directoryIsTheSpecs() throws {
        try directory.write("{}", to: "a.json")
        let absolute = directory.path.appending("a.json")
        #expect(try SpecFile.read(.file(absolute), currentDirectory: "/").directory == directory.path)
        #expect(try SpecFile.read(.file("a.json"), currentDirectory: directory.path).directory == directory.path)
    }

    @Test func standardInputIsReadAndItsDirectoryIsTheCurrentOne() throws {
        for text in ["{\"name\": \"x\"}", "name = 'x'"] {
            try directory.write(text, to: "input")
            let input = try FileDescriptor.open(directory.path.appending("input"), .readOnly)
            try input.closeAfter {
                let file = try SpecFile.read(.standardInput, currentDirectory: "/work", standardInput: input)
                #expect(file.value == ["name": "x"])
                #expect(file.directory == "/work")
                #expect(file.description == "the spec on standard input")
            }
        }
    }

    @Test func argumentsAreToldApart() throws {
        #expect(try SpecSource(argument: "-", anyExtension: false) == .standardInput)
        #expect(try SpecSource(argument: "a/x.json", anyExtension: false) == .file("a/x.json"))
        #expect(try SpecSource(argument: "x.toml", anyExtension: false) == .file("x.toml"))
        #expect(try SpecSource(argument: "x.txt", anyExtension: true) == .anyFile("x.txt"))
        #expect(!SpecSource.isSpec("x.tar"))
        #expect(
            throws: ToolError(
                .usage, "cannot use 'x.txt' as a spec", cause: "its name ends in neither .json nor .toml",
                remedy: "name a spec, or use \(.spec) for a spec with another name")
        ) { try SpecSource(argument: "x.txt", anyExtension: false) }
    }
}
