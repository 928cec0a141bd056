import ByteIO
import Foundation
import Images
import OCI
import Registry
import Synchronization
import SystemPackage
import TestSupport

/// A cache of a test's own, and clients that hardly wait for anything.
final class PullFixture: Sendable {
    /// What shows a registry who asks, and the header that comes of it.
    static let credentials = Credentials.password(user: "ann", password: Secret("s3cret"))
    static let basic = "Basic YW5uOnMzY3JldA=="

    let files: TemporaryDirectory
    private let arrived = Mutex<[Digest: Int]>([:])

    init() throws {
        files = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: files.path("tmp"), withIntermediateDirectories: true)
    }

    /// What was fetched so far, in bytes.
    var fetched: Int { arrived.withLock { $0.values.reduce(0, +) } }

    /// What lies in a directory of the cache's blobs: `sha256`, `partial`.
    func names(_ directory: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: files.path("cache/blobs/\(directory)")).sorted()) ?? []
    }

    func client(
        _ registry: String, _ credentials: Credentials = .none, retries: Int = 2, timeout: Double = 5,
        longest: Double = 60
    ) -> RegistryClient {
        RegistryClient(
            registry, task: "cannot pull it", transport: HTTPTransport { _ in HTTPSettings(timeout: timeout) },
            settings: RegistrySettings(
                credentials: credentials, retries: RetryPolicy(count: retries, pause: 0.01, longest: longest)))
    }

    /// Reads an image's manifest and config.
    func image(_ reference: String, _ client: RegistryClient? = nil) throws -> ArchivedImage {
        let reference = try RegistryReference(reference)
        let spool = SpoolDirectory(FilePath(files.path("tmp")))
        let cache = BlobCache(directory: FilePath(files.path("cache")), spool: spool) { _ in }
        let image = try RegistryImage(
            reference, client ?? self.client(reference.registry), cache: cache, progress: Progress(bench: self))
        let context = ReadingContext(
            spool: spool, cache: nil, keepsLayers: true, platform: Platform(architecture: "amd64"))
        guard let first = try image.archive(context).images.first else { throw Missing() }
        return first
    }

    /// Brings an image's layers, and gives their plain tars.
    func tars(_ reference: String, _ client: RegistryClient? = nil) throws -> [[UInt8]] {
        try image(reference, client).layers.map { layer in
            let sink = MemorySink()
            try layer.open().write(to: sink)
            return sink.bytes
        }
    }

    private struct Missing: Error {}

    private struct Progress: FetchProgress {
        let bench: PullFixture

        func fetched(_ bytes: Int, of layer: Digest) { bench.arrived.withLock { $0[layer, default: 0] += bytes } }
    }
}
