import ByteIO
import Foundation
import OCI
import Registry
import Synchronization
import SystemPackage
import TestSupport

/// A cache directory of a test's own, and caches that lie there, each as a process would have it.
final class CacheFixture: Sendable {
    let files: TemporaryDirectory
    private let told = Mutex<[String]>([])

    init() throws {
        files = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: files.path("tmp"), withIntermediateDirectories: true)
    }

    var directory: FilePath { FilePath(files.path("cache")) }

    /// What people were told.
    var words: [String] { told.withLock { $0 } }

    /// A cache as another run has it, with nothing in memory.
    func cache(in directory: FilePath? = nil) -> BlobCache {
        BlobCache(directory: directory ?? self.directory, spool: spool) { [self] text in
            told.withLock { $0.append(text) }
        }
    }

    /// The cache of a run that has no cache directory.
    var homeless: BlobCache {
        BlobCache(directory: nil, spool: spool) { [self] text in told.withLock { $0.append(text) } }
    }

    private var spool: SpoolDirectory { SpoolDirectory(FilePath(files.path("tmp"))) }

    /// A file of the cache: `blobs/sha256`.
    func path(_ directory: String, _ digest: Digest) -> String { files.path("cache/\(directory)/\(digest.hex)") }

    /// The names in a directory of the cache.
    func names(_ directory: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: files.path("cache/\(directory)")).sorted()) ?? []
    }

    /// Puts a blob there by the way that blobs come there.
    @discardableResult
    func put(_ bytes: [UInt8]) throws -> Digest {
        let digest = try SHA256.digest(of: bytes)
        _ = try cache().blob(digest, size: UInt64(bytes.count)) { try $0.write(bytes) }
        return digest
    }
}

/// A connection that is cut.
struct Cut: Error {}

extension FileRange {
    /// All bytes.
    var contents: [UInt8] { get throws { try source().readAll() } }
}
