import Archives
import Digests
import Foundation
import Registry
import Synchronization
import SystemPackage
import Tar
import TestSupport

/// A cache folder of a test's own, and caches that lie there, each as a process would have it.
final class CacheBench: Sendable {
    let files: TemporaryFolder
    private let told = Mutex<[String]>([])

    init() throws {
        files = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: files.path("tmp"), withIntermediateDirectories: true)
    }

    var folder: FilePath { FilePath(files.path("cache")) }

    /// What people were told.
    var words: [String] { told.withLock { $0 } }

    /// A cache as another run has it, with nothing in memory.
    func cache(in folder: FilePath? = nil) -> BlobCache {
        BlobCache(folder: folder ?? self.folder, spool: spool) { [self] text in told.withLock { $0.append(text) } }
    }

    /// The cache of a run that has no cache folder.
    var homeless: BlobCache {
        BlobCache(folder: nil, spool: spool) { [self] text in told.withLock { $0.append(text) } }
    }

    private var spool: SpoolFolder { SpoolFolder(FilePath(files.path("tmp"))) }

    /// A file of the cache: `blobs/sha256`.
    func path(_ folder: String, _ digest: Digest) -> String { files.path("cache/\(folder)/\(digest.hex)") }

    /// The names in a folder of the cache.
    func names(_ folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: files.path("cache/\(folder)")).sorted()) ?? []
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
