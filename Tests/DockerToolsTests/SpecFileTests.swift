import Archives
import Failures
import SystemPackage
import Testing

@testable import DockerTools

@Suite struct SpecFileTests {
    private let folder: SpecFolder

    init() throws { folder = try SpecFolder() }

    private func read(_ bytes: [UInt8], as name: String = "spec") throws -> JSONValue {
        try folder.write(bytes, to: name)
        return try SpecFile(reading: .anyFile(FilePath(name)), currentDirectory: folder.path).value
    }

    private func failure(_ bytes: [UInt8], as name: String) -> Failure? {
        do {
            _ = try read(bytes, as: name)
            return nil
        } catch {
            return error as? Failure
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
            failure(Array("a = 1".utf8), as: "x.json")?.why.hasPrefix("it is no valid JSON: line 1, column 1") == true)
        #expect(failure(Array("{\"a\": 1}".utf8), as: "x.toml")?.why.hasPrefix("it is no valid TOML: line 1") == true)
    }

    @Test func syntaxFaultNamesFileLineAndColumn() {
        #expect(
            failure(Array("{\"name\": \"x\",\n  \"tag\" \"y\"}".utf8), as: "x.json")
                == Failure(
                    .data, "cannot read the spec 'x.json'",
                    why: "it is no valid JSON: line 2, column 9: expected ':', found '\"'",
                    advice: "correct the file; `python3 -m json.tool` shows where a JSON text breaks"))
        #expect(
            failure(Array("name = \"x\"\ntag = = 1\n".utf8), as: "x.toml")
                == Failure(
                    .data, "cannot read the spec 'x.toml'",
                    why: "it is no valid TOML: line 2, column 7: expected a value, found '='",
                    advice: "correct the file; https://toml.io/en/v1.0.0 has the syntax"))
    }

    @Test func longSpecIsRefused() {
        #expect(
            failure(Array(repeating: 0x20, count: 4 << 20 + 1), as: "x.json")
                == Failure(
                    .data, "cannot read the spec 'x.json'", why: "it has more than the limit of 4194304 bytes",
                    advice: "check that this is the file you meant"))
    }

    @Test func missingSpecIsBadDataAndUnreadableOneIsIO() throws {
        #expect(
            throws: Failure(
                .data, "cannot read the spec 'none.json'", why: "there is no such spec",
                advice: "check the path; `-` reads a spec from standard input")
        ) { try SpecFile(reading: .file("none.json"), currentDirectory: folder.path) }
        let failure = #expect(throws: Failure.self) {
            try SpecFile(reading: .file(folder.path), currentDirectory: "/")
        }
        #expect(failure?.code == .io)
        #expect(failure?.what == "cannot read the spec '\(folder.path)'")
    }

    @Test func folderIsTheSpecs() throws {
        try folder.write("{}", to: "a.json")
        let absolute = folder.path.appending("a.json")
        #expect(try SpecFile(reading: .file(absolute), currentDirectory: "/").folder == folder.path)
        #expect(try SpecFile(reading: .file("a.json"), currentDirectory: folder.path).folder == folder.path)
    }

    @Test func standardInputIsReadAndItsFolderIsTheCurrentOne() throws {
        for text in ["{\"name\": \"x\"}", "name = 'x'"] {
            try folder.write(text, to: "input")
            let input = try FileDescriptor.open(folder.path.appending("input"), .readOnly)
            try input.closeAfter {
                let file = try SpecFile(reading: .standardInput, currentDirectory: "/work", standardInput: input)
                #expect(file.value == ["name": "x"])
                #expect(file.folder == "/work")
                #expect(file.words == "the spec on standard input")
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
            throws: Failure(
                .usage, "cannot take 'x.txt' as a spec", why: "its name ends in neither .json nor .toml",
                advice: "name a spec, or say --spec if it is one all the same")
        ) { try SpecSource(argument: "x.txt", anyExtension: false) }
    }
}
