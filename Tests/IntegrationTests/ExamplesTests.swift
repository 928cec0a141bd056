import Foundation
import TestSupport
import Testing

@Suite("The examples use the library from another package", .serialized)
struct ExamplesTests {
    /// The directory of the built programs. Dependencies are compiled again, so the first build takes minutes.
    private static let programs = Result {
        let scratch = "\(Dockertools.checkout)/.build/examples"
        let command = [
            "swift", "build", "--package-path", "\(Dockertools.checkout)/Examples", "--scratch-path", scratch,
        ]
        // SwiftPM passes its own settings to tests by the environment; a nested build must not inherit them.
        let own = ProcessInfo.processInfo.environment
        let environment = own.filter { ["PATH", "HOME", "TMPDIR", "LANG"].contains($0.key) }
        let outcome = try Program.run(["env", "-i"] + environment.map { "\($0)=\($1)" } + command)
        // The compiler writes its errors to standard output.
        guard outcome.status == 0 else {
            throw Program.Failed(
                command, Program.Outcome(status: outcome.status, output: [], errors: outcome.text + outcome.errors))
        }
        return "\(scratch)/debug"
    }

    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func run(_ program: String, _ arguments: [String]) throws -> String {
        let command = [try Self.programs.get() + "/" + program] + arguments
        let outcome = try Program.run(
            command, environment: ["XDG_CACHE_HOME": directory.path("cache")], in: directory.path)
        guard outcome.status == 0 else { throw Program.Failed(command, outcome) }
        return outcome.text
    }

    /// Builds an image with the first example.
    private func buildImage() throws -> String {
        try FileManager.default.createDirectory(
            atPath: directory.path("files/bin"), withIntermediateDirectories: true)
        try directory.write(Array("#!/bin/sh\necho hello\n".utf8), to: "files/bin/hello")
        return try run("BuildFromCode", ["files", "hello.tar.gz"])
    }

    @Test("to build an image from a spec in code, with the bytes of the command line")
    func buildFromCode() throws {
        let output = try buildImage()
        #expect(output.hasPrefix("hello.tar.gz: ") && output.hasSuffix(" bytes\n"))
        let spec = #"{"name": "hello", "contents": "files", "config": {"Cmd": ["/bin/hello"]}}"#
        try directory.write(Array(spec.utf8), to: "hello.json")
        let theirs = try Dockertools.run(
            ["layered", "hello.json", "-o", "same.tar.gz", "--quiet"], in: directory.path)
        #expect(theirs.status == 0)
        #expect(
            try Data(contentsOf: URL(filePath: directory.path("hello.tar.gz")))
                == Data(contentsOf: URL(filePath: directory.path("same.tar.gz"))))
    }

    @Test("to export a root file system")
    func exportRootfs() throws {
        _ = try buildImage()
        _ = try run("ExportRootfs", ["hello.tar.gz", "rootfs.tar"])
        let list = String(decoding: try Program.output(["tar", "-tf", directory.path("rootfs.tar")]), as: UTF8.self)
        #expect(list == "./\n./bin/\n./bin/hello\n")
    }

    @Test("to push an image to a registry")
    func pushImage() throws {
        _ = try buildImage()
        let name = "\(try RegistryServer.shared.name)/examples/hello:1"
        let output = try run("PushImage", ["hello.tar.gz", name])
        #expect(output.hasPrefix("\(name)@sha256:"))
        let inspection = try Dockertools.run(["inspect", "docker://\(name)", "--json"])
        #expect(inspection.status == 0)
        #expect(inspection.text.contains(#""Cmd":["/bin/hello"]"#))
    }
}
