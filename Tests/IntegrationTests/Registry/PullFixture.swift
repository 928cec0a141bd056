import Foundation
import TestSupport

/// A directory for the images of one test, and the repositories of its own that they go through.
struct PullFixture {
    let directory: TemporaryDirectory
    let registry: RegistryServer
    /// What stands before the names of the repositories: tests run side by side, and registries take it ill if a tag is
    /// pushed while it is pulled.
    private let prefix: String

    init() throws {
        directory = try TemporaryDirectory()
        registry = try RegistryServer.shared
        prefix = "test-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
    }

    /// What stands before the names of the images: the registry, and what is this test's own.
    var name: String { "\(registry.name)/\(prefix)" }

    /// Pushes what skopeo names so.
    func push(_ source: String, to name: String, _ options: [String] = []) throws {
        try registry.push(source, to: "\(prefix)/\(name)", options)
    }

    /// Puts a manifest as it is.
    ///
    /// - Returns: its digest.
    func put(_ manifest: String, _ mediaType: String, as name: String) throws -> String {
        try registry.put(manifest, mediaType, as: "\(prefix)/\(name)")
    }

    /// Has skopeo make a docker-archive in the directory.
    func archive(_ image: String, as name: String, to path: String, _ options: [String] = []) throws {
        try registry.archive("\(prefix)/\(image)", as: name, to: directory.path(path), options)
    }

    /// How often the program asked for a blob of a repository.
    func blobRequests(_ repository: String) -> Int {
        registry.requests("GET /v2/\(prefix)/\(repository)/blobs/").filter { $0.contains("dockertools") }.count
    }

    /// Runs the program in the directory, with a cache that this test's runs share.
    func run(_ arguments: [String], input: [UInt8] = []) throws -> Program.Outcome {
        try Dockertools.run(
            arguments, input: input, environment: ["XDG_CACHE_HOME": directory.path("cache")], in: directory.path)
    }

    /// Runs the program, which must succeed.
    ///
    /// - Returns: what it prints.
    @discardableResult
    func output(_ arguments: [String]) throws -> String {
        let outcome = try run(arguments)
        guard outcome.status == 0 else { throw Program.Failed(arguments, outcome) }
        return outcome.text
    }

    /// Pushes an image that is put together from texts, a layer each.
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

    /// How skopeo names the directory of an image that was pushed.
    func source(_ name: String) -> String { "dir:\(directory.path(Self.directoryName(name)))" }

    private static func directoryName(_ name: String) -> String {
        name.replacing(":", with: "-").replacing("/", with: "-")
    }

    /// Whether two files of the directory are the same to the last byte.
    func areSame(_ one: String, _ other: String) throws -> Bool {
        try Program.run(["cmp", directory.path(one), directory.path(other)]).status == 0
    }

    /// A file's SHA-256 as Nix writes it.
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

    /// The names of the files in the directory, but for those of the cache.
    func files() throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: directory.path)).subtracting(["cache"])
    }
}
