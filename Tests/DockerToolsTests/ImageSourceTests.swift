import Errors
import Foundation
import TestSupport
import Testing

@testable import DockerTools

@Suite("An image source is parsed from the text of a command line")
struct ImageSourceTests {
    @Test(
        "by its scheme and its ending",
        arguments: [
            ("a.tar", .archive("a.tar")), ("dir#1/a.tar#h:5000/n:t", .archive("dir#1/a.tar", name: "h:5000/n:t")),
            ("-#n:t", .archive("-", name: "n:t")), ("oci:dir", .layout("dir")),
            ("oci:dir:1.0", .layout("dir", name: "1.0")), ("oci:a:b/c", .layout("a", name: "b/c")),
            ("oci:/no/dir:docker.io/library/app:1", .layout("/no/dir", name: "docker.io/library/app:1")),
            ("docker://redis:7", .registry("docker://redis:7")), ("docker-daemon:app:1", .daemon("app:1")),
            ("app.toml", .specFile(.anyFile("app.toml"), SpecReading())),
        ] as [(String, ImageSource)])
    func parsing(text: String, source: ImageSource) throws {
        #expect(try ImageSource(parsing: text) == source)
        #expect("\(source)" == text)
    }

    @Test("as an archive by skopeo's schemes; the path ends where a file exists")
    func archiveSchemes() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write([], to: "a:1.tar")
        #expect(try ImageSource(parsing: "docker-archive:\(path)") == .archive(path))
        #expect(try ImageSource(parsing: "docker-archive:\(path):h:5000/n:t") == .archive(path, name: "h:5000/n:t"))
        #expect(try ImageSource(parsing: "oci-archive:\(path):1") == .archive(path, name: "1"))
        #expect(try ImageSource(parsing: "oci-archive:none.tar") == .archive("none.tar"))
    }

    @Test(
        "from a directory if one is given",
        arguments: [
            ("a.tar", .archive("/d/a.tar")), ("./a.tar#n:t", .archive("/d/a.tar", name: "n:t")),
            ("oci:l:1", .layout("/d/l", name: "1")), ("/a.tar", .archive("/a.tar")), ("-", .archive("-")),
            ("docker://redis:7", .registry("docker://redis:7")), ("docker-archive:a.tar", .archive("/d/a.tar")),
            ("app.toml", .specFile(.anyFile("/d/app.toml"), SpecReading())),
        ] as [(String, ImageSource)])
    func relative(text: String, source: ImageSource) throws {
        #expect(try ImageSource(parsing: text, from: "/d") == source)
    }

    @Test("with its overrides if it is not a spec, and settings of a spec's build are invalid usage then")
    func settingsOfSpecs() throws {
        let overrides = SpecReading(overrides: ["tag=1"])
        #expect(try ImageSource(parsing: "a.tar", spec: overrides) == .overridden(.archive("a.tar"), ["tag=1"]))
        #expect(try ImageSource(parsing: "a.toml", spec: overrides) == .specFile(.anyFile("a.toml"), overrides))
        let error = try #require(throws: ToolError.self) {
            try ImageSource(parsing: "a.tar", spec: SpecReading(as: .build))
        }
        #expect(error.code == .usage)
        #expect(error.cause == "it is an image, not a spec")
    }

    @Test("and an existing file of YAML is invalid usage")
    func yaml() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write([], to: "a.yaml")
        let error = try #require(throws: ToolError.self) { try ImageSource(parsing: path) }
        #expect(error.code == .usage)
        #expect(error.cause == "specs are JSON or TOML, not YAML")
        #expect(try ImageSource(parsing: directory.path("none.yml")) == .archive(directory.path("none.yml")))
    }

    @Test("as a path if a file with all of the text as its name exists")
    func existingFile() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write([], to: "a#b:1")
        #expect(try ImageSource(parsing: path) == .archive(path))
    }

    @Test("as a directory that exists and the name behind it, which both may have colons")
    func layouts() throws {
        let directory = try TemporaryDirectory()
        for name in ["a", "b:c", "b:c:d"] {
            try FileManager.default.createDirectory(atPath: directory.path(name), withIntermediateDirectories: true)
        }
        func parse(_ text: String) throws -> ImageSource { try ImageSource(parsing: "oci:\(directory.path(text))") }
        #expect(try parse("a") == .layout(directory.path("a")))
        #expect(try parse("a:1") == .layout(directory.path("a"), name: "1"))
        #expect(try parse("a:h:5000/x:1") == .layout(directory.path("a"), name: "h:5000/x:1"))
        #expect(try parse("b:c") == .layout(directory.path("b:c")))
        #expect(try parse("b:c:x:1") == .layout(directory.path("b:c"), name: "x:1"))
        #expect(try parse("b:c:d") == .layout(directory.path("b:c:d")))
    }

    @Test("as a directory of skopeo")
    func blobDirectory() throws {
        #expect(try ImageSource(parsing: "dir:a#b:c") == .archive("a#b:c"))
    }

    @Test("as a spec only if specs are allowed")
    func specs() throws {
        #expect(try ImageSource(parsing: "app.json", spec: nil) == .archive("app.json"))
        #expect(
            try ImageSource(parsing: "app", spec: SpecReading(), isSpec: true)
                == .specFile(.anyFile("app"), SpecReading()))
    }

    @Test("and malformed names are invalid usage", arguments: ["docker://UPPER/case", "docker-daemon:"])
    func malformed(text: String) throws {
        let error = try #require(throws: ToolError.self) { try ImageSource(parsing: text) }
        #expect(error.code == .usage)
    }
}
