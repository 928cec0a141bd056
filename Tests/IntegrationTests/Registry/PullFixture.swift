import Foundation
import TestSupport

/// A directory for the images of one test, and its own repositories in the shared registry.
struct PullFixture {
    let directory: TemporaryDirectory
    let registry: RegistryServer
    /// The prefix of the repositories. Tests run in parallel, and a registry fails if a tag is pushed during its pull.
    private let prefix: String
    /// Variables for all runs, the place of the cache among them.
    let environment: [String: String]

    /// - Parameter clockIsAhead: whether files count as old enough for their digests to be cached.
    init(clockIsAhead: Bool = false) throws {
        directory = try TemporaryDirectory()
        let clock = clockIsAhead ? try ClockAhead.environment : [:]
        environment = clock.merging(["XDG_CACHE_HOME": directory.path("cache")]) { $1 }
        registry = try RegistryServer.shared
        prefix = "test-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
    }

    /// The prefix of image references: the registry and the test's own prefix.
    var name: String { "\(registry.name)/\(prefix)" }

    /// Pushes an image by skopeo's name of it.
    func push(_ source: String, to name: String, _ options: [String] = []) throws {
        try registry.push(source, to: "\(prefix)/\(name)", options)
    }

    /// Uploads a manifest as it is.
    ///
    /// - Returns: the manifest's digest.
    func put(_ manifest: String, _ mediaType: String, as name: String) throws -> String {
        try registry.put(manifest, mediaType, as: "\(prefix)/\(name)")
    }

    /// Writes a docker-archive into the directory with skopeo.
    func archive(_ image: String, as name: String, to path: String, _ options: [String] = []) throws {
        try registry.archive("\(prefix)/\(image)", as: name, to: directory.path(path), options)
    }

    /// The number of requests for blobs of a repository.
    func blobRequests(_ repository: String) -> Int {
        registry.requests("GET /v2/\(prefix)/\(repository)/blobs/").filter { $0.contains("dockertools") }.count
    }

    /// Runs the program in the directory. All runs of a test share one cache.
    func run(_ arguments: [String], input: [UInt8] = []) throws -> Program.Outcome {
        try Dockertools.run(arguments, input: input, environment: environment, in: directory.path)
    }

    /// Runs the program, which must succeed.
    ///
    /// - Returns: its standard output as text.
    @discardableResult
    func output(_ arguments: [String]) throws -> String {
        let outcome = try run(arguments)
        guard outcome.status == 0 else { throw Program.Failed(arguments, outcome) }
        return outcome.text
    }

    /// Pushes an image that is built from texts, one per layer.
    @discardableResult
    func push(
        _ name: String, kind: String = "oci", compression: String = "gzip", architecture: String = "amd64",
        layers: [String]
    ) throws -> CraftedImage {
        let image = try CraftedImage(
            in: directory, Self.directoryName(name), kind: kind, compression: compression,
            architecture: architecture, layers: layers)
        try push(image.source, to: name, ["--preserve-digests"])
        return image
    }

    /// skopeo's name of the directory of a pushed image.
    func source(_ name: String) -> String { "dir:\(directory.path(Self.directoryName(name)))" }

    private static func directoryName(_ name: String) -> String {
        name.replacing(":", with: "-").replacing("/", with: "-")
    }

    /// Whether two files in the directory have the same bytes.
    func areSame(_ one: String, _ other: String) throws -> Bool {
        try Program.run(["cmp", directory.path(one), directory.path(other)]).status == 0
    }

    /// The SHA-256 of a file in one of Nix's forms.
    func nixHash(_ name: String, _ form: String) throws -> String {
        let hash = ["nix-hash", "--flat", "--type", "sha256", directory.path(name)]
        switch form {
        case "hex": return try text(hash)
        case "base32": return try text(hash + ["--base32"])
        default:
            return try text(
                [
                    "nix", "--extra-experimental-features", "nix-command", "hash", "to-sri", "--type", "sha256",
                    text(hash),
                ])
        }
    }

    private func text(_ command: [String]) throws -> String {
        String(decoding: try Program.output(command).dropLast(), as: UTF8.self)
    }

    /// The names of the files in the directory, without those of the cache.
    func files() throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: directory.path)).subtracting(["cache"])
    }
}
