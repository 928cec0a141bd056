import ByteIO
import Foundation
import Images
import OCI
import Registry
import Synchronization
import SystemPackage
import TestSupport

/// A temporary cache, and clients with short pauses and timeouts.
final class PullFixture: Sendable {
    /// Credentials, and their Authorization header.
    static let credentials = Credentials.password(user: "ann", password: Secret("s3cret"))
    static let basic = "Basic YW5uOnMzY3JldA=="

    let files: TemporaryDirectory
    private let arrived = Mutex<[Digest: Int]>([:])

    init() throws {
        files = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: files.path("tmp"), withIntermediateDirectories: true)
    }

    /// The fetched bytes of all layers.
    var fetched: Int { arrived.withLock { $0.values.reduce(0, +) } }

    /// The names in a directory of the cache's blobs: `sha256`, `partial`.
    func names(_ directory: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: files.path("cache/blobs/\(directory)")).sorted()) ?? []
    }

    func client(
        _ registry: String, _ credentials: Credentials = .none, retries: Int = 2, timeout: Double = 60,
        longest: Double = 60
    ) -> RegistryClient {
        RegistryClient(
            registry, task: "cannot pull it", transport: HTTPTransport { _ in HTTPSettings(timeout: timeout) },
            settings: RegistrySettings(
                credentials: DeferredCredentials(credentials),
                retries: RetryPolicy(count: retries, pause: 0.01, longest: longest)))
    }

    /// Reads an image's manifest and config.
    func image(_ reference: String, _ client: RegistryClient? = nil) throws -> ArchivedImage {
        let name = try RegistryReference(reference)
        let client = client ?? self.client(name.registry)
        return try image(reference, in: RegistryPlaces(own: RegistryPlace(name.repository, client)))
    }

    private func image(_ reference: String, in places: RegistryPlaces) throws -> ArchivedImage {
        let reference = try RegistryReference(reference)
        let spool = SpoolDirectory(FilePath(files.path("tmp")))
        let cache = BlobCache(in: CacheDirectory(FilePath(files.path("cache"))) { _ in }, spool: spool) { _ in }
        let image = try RegistryImage(
            reference, places, cache: cache, progress: Progress(fixture: self))
        let context = ReadingContext(
            spool: spool, cache: nil, keepsLayers: true, platform: Platform(architecture: "amd64"))
        guard let first = try image.archive(context).images.first else { throw Missing() }
        return first
    }

    /// Downloads an image's layers.
    ///
    /// - Returns: their uncompressed tars.
    func tars(_ reference: String, _ client: RegistryClient? = nil) throws -> [[UInt8]] {
        try Self.tars(of: image(reference, client))
    }

    /// Downloads an image's layers from several places.
    func tars(_ reference: String, in places: RegistryPlaces) throws -> [[UInt8]] {
        try Self.tars(of: image(reference, in: places))
    }

    private static func tars(of image: ArchivedImage) throws -> [[UInt8]] {
        try image.layers.map { layer in
            let sink = MemorySink()
            try layer.open().write(to: sink)
            return sink.bytes
        }
    }

    private struct Missing: Error {}

    private struct Progress: FetchProgress {
        let fixture: PullFixture

        func fetched(_ bytes: Int, of layer: Digest) { fixture.arrived.withLock { $0[layer, default: 0] += bytes } }
    }
}
