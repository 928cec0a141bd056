import ByteIO
import Compression
import Foundation
import Images
import OCI
import Store
import Synchronization
import SystemPackage
import Tar
import TestSupport

@testable import Registry

/// A layer in memory that counts how often it is opened.
final class CountedLayer: Layer, OpenLayer {
    let bytes: [UInt8]
    let key: LayerKey?
    let storePaths: [StorePath] = []
    let title = "a layer"
    private let count = Mutex(0)

    /// - Parameter key: a name of the key; nil for a layer without a key.
    init(_ bytes: [UInt8], key name: String? = nil) throws {
        self.bytes = bytes
        key = try name.flatMap { name in
            let hash = try SHA256.digest(of: Array(name.utf8))
            let path = StorePath(baseName: "\(String(repeating: "a", count: 32))-\(name)", storeDir: "/nix/store")
            return path.flatMap { LayerKey([($0, hash)], owner: TarOwner()) }
        }
    }

    /// How often the layer was opened.
    var opened: Int { count.withLock { $0 } }

    func open() -> any OpenLayer {
        count.withLock { $0 += 1 }
        return self
    }

    var size: UInt64 { UInt64(bytes.count) }
    var knownDiffID: Digest? { nil }
    func write(to sink: any ByteSink) throws { try sink.write(bytes) }
    func remember(_ diffID: Digest) {}
    func verify() {}

    func uncompressedTar(spool: SpoolDirectory, needsBodies: Bool) throws -> FileRange {
        try spool.makeFile(title).keep { try $0.write(bytes) }.0
    }
}

/// An image of such layers.
struct CountedImage: Image {
    var layers: [any Layer]
    var architecture = "amd64"
    var annotations: [String: String] = [:]
    let name: String? = "app"

    func names(imageID: Digest) -> [ImageName] { [] }

    var config: ImageConfig {
        ImageConfig(created: "1970-01-01T00:00:01Z", architecture: architecture, runtime: [:], history: [])
    }
}

/// Pushes images to a registry in memory.
final class PushBench: Sendable {
    let registry: MemoryRegistry
    let files: TemporaryDirectory
    private let warned = Mutex<[String]>([])

    init(_ change: @escaping @Sendable (MemoryRegistry.Request) -> MemoryRegistry.Response? = { _ in nil }) throws {
        registry = try MemoryRegistry(change)
        files = try TemporaryDirectory()
    }

    /// The warnings so far.
    var warnings: [String] { warned.withLock { $0 } }

    /// Bytes that do not compress, other ones for each seed.
    static func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        // A block that is larger than gzip's window.
        let block = random.bytes(min(count, 1 << 16))
        return (0..<count).map { block[$0 % block.count] }
    }

    /// A cache directory of its own.
    func memory(_ name: String) -> DigestCache {
        DigestCache(in: CacheDirectory(FilePath(files.path(name))) { _ in })
    }

    /// Pushes an image.
    ///
    /// - Returns: the result, and the requests.
    @discardableResult
    func push(
        _ layers: [any Layer], to name: String, tags: [String] = [], memory: DigestCache? = nil,
        from others: [String] = [],
        usesCache: Bool = true, architecture: String = "amd64", spool: String? = nil
    ) throws -> (PushedImage, [String]) {
        let before = registry.count
        let image = CountedImage(layers: layers, architecture: architecture)
        let push = try self.push(to: name, tags, memory, others, usesCache, spool)
        let pushed = try push.push(image, compressor: .gz, isPart: false)
        return (pushed, Array(registry.lines.dropFirst(before)))
    }

    func push(
        to name: String, _ tags: [String] = [], _ memory: DigestCache? = nil, _ others: [String] = [],
        _ usesCache: Bool = true, _ spool: String? = nil
    ) throws -> RegistryPush {
        let reference = try RegistryReference("\(registry.authority)/\(name)")
        let cache = RemoteCache(
            .init(reference, client(registry)), tags: try tags.map { try reference.tagged($0) },
            others: try others.map { .init(try RegistryReference("\(registry.authority)/\($0)"), client(registry)) }
        ) { [self] text in warned.withLock { $0.append(text) } }
        return RegistryPush(
            to: reference, client(registry), memory: memory, mediaTypes: .oci, cache: usesCache ? cache : nil,
            spool: SpoolDirectory(FilePath(spool ?? files.path)), progress: NoProgress())
    }

    private func client(_ registry: MemoryRegistry) -> RegistryClient {
        RegistryClient(
            registry.authority, task: "cannot push", transport: HTTPTransport { _ in HTTPSettings(timeout: 60) },
            settings: RegistrySettings(retries: RetryPolicy(count: 0)))
    }

    private struct NoProgress: PushProgress {
        func layer(_ number: Int, of count: Int, title: String, size: UInt64) {}
        func advance(_ bytes: Int) {}
        func finish() {}
    }
}
