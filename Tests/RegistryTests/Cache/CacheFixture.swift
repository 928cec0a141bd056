import ByteIO
import Foundation
import OCI
import Registry
import Synchronization
import SystemPackage
import TestSupport

/// A temporary cache directory, with a new cache object for each simulated run.
final class CacheFixture: Sendable {
    let files: TemporaryDirectory
    private let notes = Mutex<[String]>([])

    init() throws {
        files = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: files.path("tmp"), withIntermediateDirectories: true)
    }

    var directory: FilePath { FilePath(files.path("cache")) }

    /// The notes for the user.
    var messages: [String] { notes.withLock { $0 } }

    /// A cache as in a new run, with nothing in memory.
    func cache(in directory: FilePath? = nil) -> BlobCache {
        let cache = CacheDirectory(directory ?? self.directory) { [self] text in notes.withLock { $0.append(text) } }
        return BlobCache(in: cache, spool: spool) { [self] text in notes.withLock { $0.append(text) } }
    }

    /// A cache without a directory.
    var withoutDirectory: BlobCache {
        BlobCache(in: nil, spool: spool) { [self] text in notes.withLock { $0.append(text) } }
    }

    private var spool: SpoolDirectory { SpoolDirectory(FilePath(files.path("tmp"))) }

    /// The path of a blob's file.
    ///
    /// - Parameter directory: the directory in the cache: `blobs/sha256`.
    func path(_ directory: String, _ digest: Digest) -> String { files.path("cache/\(directory)/\(digest.hex)") }

    /// The names in a directory of the cache.
    func names(_ directory: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: files.path("cache/\(directory)")).sorted()) ?? []
    }

    /// Adds a blob as a fetch does.
    @discardableResult
    func put(_ bytes: [UInt8]) throws -> Digest {
        let digest = try SHA256.digest(of: bytes)
        _ = try cache().blob(digest, size: UInt64(bytes.count)) { try $0.write(bytes) }
        return digest
    }
}

/// The error of an interrupted connection.
struct Interrupted: Error {}

extension FileRange {
    /// All bytes.
    var contents: [UInt8] { get throws { try source().readAll() } }
}
