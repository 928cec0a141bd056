package import ByteIO
import Errors
import Foundation
import Glibc
import Images
package import OCI
import Synchronization
import SystemPackage

/// A cache of blobs by digest, in files that several threads and processes share.
///
/// A blob is fetched into a file that the process has locked, and renamed to its final name when its digest is
/// verified; so a file under its final name is always complete. It is verified again before it is used, because the
/// disk may have damaged it. Without a writable cache directory blobs are kept in unnamed files for the lifetime of the
/// object.
package final class BlobCache: Sendable {
    private let cache: CacheDirectory?
    private let digests: DigestCache?
    private let spool: SpoolDirectory
    private let report: @Sendable (String) -> Void
    /// The blobs of this run: each is verified once.
    private let verified = Mutex<[Digest: FileRange]>([:])

    /// - Parameters:
    ///   - cache: the program's cache directory; nil for none.
    ///   - spool: the directory of unnamed files.
    ///   - report: receives notes for the user: a damaged blob is fetched again; another process is fetching the blob.
    package init(in cache: CacheDirectory?, spool: SpoolDirectory, report: @escaping @Sendable (String) -> Void) {
        self.cache = cache
        digests = cache.map { DigestCache(in: $0) }
        self.spool = spool
        self.report = report
    }

    /// Returns a blob, and fetches it if it is not in the cache.
    ///
    /// Blocks until the blob is there. May be called by several threads.
    ///
    /// - Parameters:
    ///   - size: the expected size in bytes; nil if unknown.
    ///   - fetch: writes the missing bytes. If it throws, the written bytes are kept for the next attempt.
    /// - Returns: the blob, open for reading; it stays readable if the cache is pruned.
    /// - Throws: `ToolError` with code `data` if the fetched blob has another size or digest, `io` if it cannot be
    ///   written; errors of `fetch`.
    package func blob(
        _ digest: Digest, size: UInt64?, fetch: (BlobIngest) throws -> Void
    ) throws -> FileRange {
        let blob =
            try verified.withLock { $0[digest] } ?? cached(digest, size, fetch) ?? spooled(digest, size, fetch)
        if let size, blob.size != size {
            throw ToolError(
                .data, "cannot use the blob \(digest)", cause: "it has \(blob.size) bytes instead of \(size)",
                remedy: "check how the manifest that names the blob was created: its size is wrong")
        }
        verified.withLock { $0[digest] = blob }
        return blob
    }

    /// The blob in the cache directory; nil if the directory cannot be written.
    private func cached(_ digest: Digest, _ size: UInt64?, _ fetch: (BlobIngest) throws -> Void) throws -> FileRange? {
        guard let cache else { return nil }
        let directory = BlobDirectory(cache: cache.path)
        guard BlobDirectory.Part.allCases.allSatisfy({ cache.trusts(directory: directory.directory($0)) }) else {
            return nil
        }
        if let blob = try complete(digest, in: directory, cache) { return blob }
        while true {
            switch try lock(digest, in: directory, cache) {
            case .gone: continue
            case .impossible(let error):
                guard error == .noSpace || error == .diskQuotaExceeded else { return nil }
                let place = Self.place(cache.path)
                throw ToolError.io("cannot write to \(place.name)", error, remedy: place.remedy)
            case .locked(let file):
                // Another process may have fetched the blob before this one got the lock.
                if let blob = try complete(digest, in: directory, cache) {
                    file.remove()
                    return blob
                }
                if directory.remove(digest) { report("the blob \(digest) in the cache is damaged; fetching it again") }
                let blob = try fetched(digest, size, to: file, in: cache.path, fetch)
                directory.recordUse(of: digest)
                return blob
            }
        }
    }

    private func lock(
        _ digest: Digest, in directory: BlobDirectory, _ cache: CacheDirectory
    ) throws -> LockedIngest.Attempt {
        for part in BlobDirectory.Part.allCases
        where !directory.directory(part).makeDirectories() {
            return .impossible(Errno(rawValue: errno))
        }
        return LockedIngest.open(directory.path(.partial, digest), in: cache) {
            report("waiting for another process that is fetching the blob \(digest)")
        }
    }

    /// A verified blob of the cache directory; nil if it is missing or damaged.
    private func complete(
        _ digest: Digest, in directory: BlobDirectory, _ cache: CacheDirectory
    ) throws -> FileRange? {
        guard let blob = directory.open(digest) else { return nil }
        guard cache.trusts(blob.file.descriptor, of: directory.path(.complete, digest)) else {
            // The blob is fetched again, into a file of this user's own.
            _ = directory.remove(digest)
            return nil
        }
        let key = try digests.flatMap { try DigestCache.Key(blob, at: $0.time) }
        if key.flatMap({ digests?.digest(for: $0) }) != digest {
            guard (try? blob.digest()) == digest else { return nil }
            // The digest is recorded only for data on the disk, since a power failure may lose data that is still in
            // memory.
            if let key, fsync(blob.file.descriptor) == 0 { digests?.keep(digest, for: key) }
        }
        directory.recordUse(of: digest)
        return blob
    }

    /// Fetches a blob into a locked file and renames the file.
    private func fetched(
        _ digest: Digest, _ size: UInt64?, to file: borrowing LockedIngest, in cache: FilePath,
        _ fetch: (BlobIngest) throws -> Void
    ) throws -> FileRange {
        let place = Self.place(cache)
        let ingest = try BlobIngest.open(file.descriptor, of: digest, size: size, in: place)
        do {
            try ingest.complete(fetch)
        } catch {
            if !ingest.isResumable { file.remove() }
            throw error
        }
        let descriptor = file.path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
        let target = BlobDirectory(cache: cache).path(.complete, digest)
        guard descriptor >= 0, rename(file.path.string, target.string) == 0 else {
            let error = ToolError.io("cannot rename a blob in \(place.name)", remedy: place.remedy)
            if descriptor >= 0 { close(descriptor) }
            file.remove()
            throw error
        }
        let blob = try OpenFile(owning: descriptor, name: "the blob \(digest)")
        // In the background: until the data is on the disk, the blob is hashed again before each use.
        do {
            try BackgroundThread.start { fsync(blob.descriptor) }
        } catch {
            fsync(blob.descriptor)
        }
        return blob.whole
    }

    /// The blob in an unnamed file.
    private func spooled(_ digest: Digest, _ size: UInt64?, _ fetch: (BlobIngest) throws -> Void) throws -> FileRange {
        let file = try spool.openFile("the blob \(digest)")
        let place = BlobIngest.Place(
            name: "a temporary file", remedy: "free some space, or set TMPDIR to a directory on another disk")
        let ingest = try BlobIngest.open(file.descriptor, of: digest, size: size, in: place)
        try ingest.complete(fetch)
        return FileRange(file: file, offset: 0, size: ingest.count)
    }

    private static func place(_ cache: FilePath) -> BlobIngest.Place {
        BlobIngest.Place(
            name: "the cache directory '\(cache)'",
            remedy: "free some space, for example by pruning the cache, or set XDG_CACHE_HOME to another disk")
    }
}

/// The directory of blobs in the cache: `sha256/HEX` are complete blobs, `partial/HEX` blobs that are being fetched,
/// and `used/HEX` empty files whose modification times are those of the last use.
///
/// The times of the blobs themselves never change, because the digest cache depends on them.
struct BlobDirectory: Sendable {
    private static let name = "blobs"

    /// `<cache directory>/blobs`
    private let path: FilePath

    /// - Parameter cache: the program's cache directory.
    init(cache: FilePath) {
        path = cache.appending(Self.name)
    }

    /// A subdirectory.
    enum Part: String, CaseIterable {
        case complete = "sha256"
        case partial
        case used
    }

    func directory(_ part: Part) -> FilePath { path.appending(part.rawValue) }

    func path(_ part: Part, _ digest: Digest) -> FilePath { directory(part).appending(digest.hex) }

    /// Opens a complete blob without verifying it; nil if there is none.
    func open(_ digest: Digest) -> FileRange? {
        let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = path(.complete, digest).withPlatformString { Glibc.open($0, flags) }
        guard descriptor >= 0, let file = try? OpenFile(owning: descriptor, name: "the blob \(digest)"),
            file.isRegular
        else { return nil }
        return file.whole
    }

    /// Records that a blob is used now. If this fails, the blob's own time counts as its last use.
    func recordUse(of digest: Digest) {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = path(.used, digest).withPlatformString { Glibc.open($0, flags, mode_t(0o600)) }
        guard descriptor >= 0 else { return }
        futimens(descriptor, nil)
        close(descriptor)
    }

    /// Removes the file or empty directory under a blob's final name.
    ///
    /// - Returns: whether there was one.
    func remove(_ digest: Digest) -> Bool {
        path(.complete, digest).withPlatformString { unlink($0) == 0 || rmdir($0) == 0 }
    }
}
