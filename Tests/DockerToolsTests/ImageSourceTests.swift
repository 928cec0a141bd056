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
