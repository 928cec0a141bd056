import Foundation
import TestSupport

/// A directory for the specs and images of one test, with the store that they are built from.
struct Workbench {
    let directory: TemporaryDirectory
    let store: NixStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try NixStore.shared
    }

    /// Writes a file, and the directories above it.
    ///
    /// - Returns: its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let path = directory.path(name)
        try FileManager.default.createDirectory(
            atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
        return try directory.write(Array(text.utf8), to: name)
    }

    /// Runs the program with the store mounted at `/nix`.
    func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Program.Outcome {
        let cache = ["XDG_CACHE_HOME": directory.path("cache")]
        return try store.run(
            [Dockertools.path] + arguments, environment: cache.merging(environment) { $1 }, in: directory.path)
    }

    /// Builds a layered image, which must succeed.
    ///
    /// - Parameter spec: JSON.
    func layered(
        _ spec: String, _ arguments: [String] = [], output: String = "image.tar.gz",
        environment: [String: String] = [:]
    ) throws -> BuiltImage {
        try make("layered", spec, arguments, output: output, environment: environment)
    }

    /// Builds an image with a single layer, which must succeed.
    ///
    /// - Parameter spec: JSON.
    func build(
        _ spec: String, _ arguments: [String] = [], output: String = "image.tar.gz",
        environment: [String: String] = [:]
    ) throws -> BuiltImage {
        try make("build", spec, arguments, output: output, environment: environment)
    }

    private func make(
        _ verb: String, _ spec: String, _ arguments: [String], output: String, environment: [String: String]
    ) throws -> BuiltImage {
        let path = try write(spec, to: "\(output).json")
        let command = [verb, path, "-o", directory.path(output), "--json"] + arguments
        let outcome = try run(command, environment: environment)
        guard outcome.status == 0 else { throw Program.Failed(command, outcome) }
        return try outcome.decode(BuiltImage.self)
    }

    /// Builds an image and loads it into a daemon.
    func loaded(_ spec: String, into docker: DockerDaemon, _ arguments: [String] = []) throws -> BuiltImage {
        let image = try layered(spec, arguments)
        try docker.load(image.output)
        return image
    }
}
