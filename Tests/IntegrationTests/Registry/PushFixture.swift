import Foundation
import TestSupport

/// A store with two paths, the spec of an image that contains them, and the registry for pushes.
struct PushFixture {
    let pulls: PullFixture
    let directory: TemporaryDirectory
    let registry: RegistryServer

    static let words = "/nix/store/7rz6ly7r1rz5rxxiqbnrpbcvs0i43j1d-words"
    static let tool = "/nix/store/k2a4s9c8gkhs5b8z6x7d0p1n3v4wq5yj-tool"

    init() throws {
        pulls = try PullFixture(clockIsAhead: true)
        (directory, registry) = (pulls.directory, pulls.registry)
        try file("store\(Self.words)/text", "some words, \(UUID().uuidString)\n")
        try file("store\(Self.tool)/bin/tool", "cat \(Self.words)/text\n")
        try write(
            "graph.json",
            #"[{"path":"\#(Self.words)","references":[]},{"path":"\#(Self.tool)","references":["\#(Self.words)"]}]"#)
        try writeSpec()
    }

    /// Writes the spec.
    ///
    /// - Parameter more: additional lines of `config`.
    func writeSpec(_ name: String = "image.toml", architecture: String = "amd64", _ more: String = "") throws {
        try write(
            name,
            """
            name = "app"
            architecture = "\(architecture)"
            storeRoot = "store"
            closure = "graph.json"
            contents = ["\(Self.tool)"]
            \(more)
            """)
    }

    func write(_ name: String, _ text: String) throws { try directory.write(Array(text.utf8), to: name) }

    func file(_ name: String, _ text: String) throws {
        let url = URL(fileURLWithPath: directory.path(name))
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try write(name, text)
    }

    /// Pushes, which must succeed.
    ///
    /// - Returns: the printed object.
    @discardableResult
    func push(_ image: String = "image.toml", to name: String, _ options: [String] = []) throws -> PushedImage {
        let output = try pulls.output(["push", image, "\(registry.name)/\(name)", "--json"] + options)
        return try JSONDecoder().decode(PushedImage.self, from: Data(output.utf8))
    }

    /// Pushes an index of `amd64.toml` and `arm64.toml`, which are written.
    ///
    /// - Returns: the name of the index in the registry.
    func pushIndex(to name: String) throws -> String {
        let specs = ["amd64", "arm64"]
        for architecture in specs { try writeSpec("\(architecture).toml", architecture: architecture) }
        let index = "\(pulls.name)/\(name)"
        try pulls.output(["push", "--index"] + specs.map { "\($0).toml" } + [index, "--quiet"])
        return index
    }

    /// The requests that a call makes, as `HEAD blobs`, without their time and digests.
    func requests(to repository: String, _ body: () throws -> Void) throws -> [String] {
        let before = registry.requests("/v2/\(repository)/").count
        try body()
        return registry.requests("/v2/\(repository)/").dropFirst(before).map { line in
            let words = line.split(separator: "\"")[1].split(separator: " ")
            let rest = words[1].dropFirst("/v2/\(repository)/".count)
            return "\(words[0]) \(rest.contains("?mount=") ? "mount" : rest.split(separator: "/")[0])"
        }
    }
}
