import ByteIO
import Errors
import Foundation
import Glibc
import Images
import OCI
import Synchronization
import SystemPackage

/// Blobs by their digests, in files that several runs and processes share.
///
/// A blob is fetched to a file of its own, which its process has locked meanwhile, and put in its place when its digest was
/// found right: what lies there is whole whenever the program ends. It is looked at once more before it is used, as a disk
/// may have damaged it since. Where there is no cache directory, or it cannot be written, blobs are kept in files without
/// names as long as this object lives.
package final class BlobCache: Sendable {
    private let cache: FilePath?
    private let digests: DigestCache?
    private let spool: SpoolDirectory
    private let tell: @Sendable (String) -> Void
    /// The blobs that were asked for: each is verified once a run.
    private let verified = Mutex<[Digest: FileRange]>([:])

    /// - Parameters:
    ///   - directory: the program's cache directory; nil if there is none. It is made when it is needed.
    ///   - spool: where blobs are kept that cannot be put there.
    ///   - tell: is told what people should see: that a damaged blob is fetched anew, that another process is waited for.
    package init(directory: FilePath?, spool: SpoolDirectory, tell: @escaping @Sendable (String) -> Void) {
        cache = directory
        digests = directory.map(DigestCache.init(directory:))
        self.spool = spool
        self.tell = tell
    }

    /// A blob, fetched unless it is there; safe to be called by several threads.
    ///
    /// - Parameters:
    ///   - size: the bytes that it should have; nil if that is not known.
    ///   - fetch: writes what is missing of it. If it throws, what it wrote is kept for the next fetch to go on from.
    /// - Returns: the blob, open for reading; it stays readable whatever becomes of the cache.
    /// - Throws: `ToolError` with code `data` if what was fetched has another size or digest, with code `io` if it cannot be
    ///   kept; what `fetch` throws.
    package func blob(
        _ digest: Digest, size: UInt64?, fetch: (BlobIngest) throws -> Void
    ) throws -> FileRange {
        let blob = try verified.withLock { $0[digest] } ?? kept(digest, size, fetch) ?? spooled(digest, size, fetch)
        if let size, blob.size != size {
            throw ToolError(
                .data, "cannot use the blob \(digest)", cause: "it has \(blob.size) bytes, and should have \(size)",
                remedy: "look at who made the manifest that names it: it tells a wrong size")
        }
        verified.withLock { $0[digest] = blob }
        return blob
    }

    /// The blob in the cache directory; nil if that cannot be written.
    private func kept(_ digest: Digest, _ size: UInt64?, _ fetch: (BlobIngest) throws -> Void) throws -> FileRange? {
        guard let cache else { return nil }
        let directory = BlobDirectory(cache: cache)
        if let blob = try whole(digest, in: directory) { return blob }
        while true {
            switch try lock(digest, in: directory) {
            case .gone: continue
            case .impossible(let error):
                guard error == .noSpace || error == .diskQuotaExceeded else { return nil }
                throw ToolError.io("cannot write to \(Self.place(cache).name)", error, remedy: Self.place(cache).remedy)
            case .locked(let file):
                // Another process may have fetched it before this one had the lock.
                if let blob = try whole(digest, in: directory) {
                    file.remove()
                    return blob
                }
                if directory.remove(digest) { tell("the blob \(digest) in the cache is damaged: it is fetched anew") }
                let blob = try fetched(digest, size, to: file, in: cache, fetch)
                directory.noteUse(of: digest)
                return blob
            }
        }
    }

    private func lock(_ digest: Digest, in directory: BlobDirectory) throws -> LockedIngest.Attempt {
        for part in [BlobDirectory.Part.partial, .whole, .used] where !directory.directory(part).makeDirectories() {
            return .impossible(Errno(rawValue: errno))
        }
        return LockedIngest.open(directory.path(.partial, digest)) {
            tell("waiting for the blob \(digest), which is being fetched already")
        }
    }

    /// A blob that is in the cache, and not damaged.
    private func whole(_ digest: Digest, in directory: BlobDirectory) throws -> FileRange? {
        guard let blob = directory.open(digest) else { return nil }
        let key = try DigestCache.Key(blob, at: DigestCache.now)
        if key.flatMap({ digests?.digest(for: $0) }) != digest {
            guard (try? blob.digest()) == digest else { return nil }
            // Known to be right is only what is on the disk: a power cut must not take away what is believed.
            if let key, fsync(blob.file.descriptor) == 0 { digests?.keep(digest, for: key) }
        }
        directory.noteUse(of: digest)
        return blob
    }

    /// Fetches a blob and puts it in its place.
    private func fetched(
        _ digest: Digest, _ size: UInt64?, to file: borrowing LockedIngest, in cache: FilePath,
        _ fetch: (BlobIngest) throws -> Void
    ) throws -> FileRange {
        let place = Self.place(cache)
        let partial = try BlobIngest(file.descriptor, of: digest, size: size, in: place)
        do {
            try partial.complete(fetch)
        } catch {
            if !partial.isWorthKeeping { file.remove() }
            throw error
        }
        let descriptor = file.path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
        let target = BlobDirectory(cache: cache).path(.whole, digest)
        guard descriptor >= 0, rename(file.path.string, target.string) == 0 else {
            let failure = ToolError.io("cannot put a blob into \(place.name)", remedy: place.remedy)
            if descriptor >= 0 { close(descriptor) }
            file.remove()
            throw failure
        }
        let blob = try OpenFile(owning: descriptor, name: "the blob \(digest)")
        // Beside other work: nobody waits for the disk. Until it has all, the blob is hashed before it is used.
        BackgroundThread.start { fsync(blob.descriptor) }
        return blob.whole
    }

    /// The blob in a file without a name.
    private func spooled(_ digest: Digest, _ size: UInt64?, _ fetch: (BlobIngest) throws -> Void) throws -> FileRange {
        let file = try spool.openFile("the blob \(digest)")
        let place = BlobIngest.Place(
            name: "a work file", remedy: "free some space, or set TMPDIR to a directory on another disk")
        let partial = try BlobIngest(file.descriptor, of: digest, size: size, in: place)
        try partial.complete(fetch)
        return FileRange(file: file, offset: 0, size: partial.count)
    }

    private static func place(_ cache: FilePath) -> BlobIngest.Place {
        BlobIngest.Place(
            name: "the cache directory '\(cache)'",
            remedy:
                "free some space: `dockertools cache --prune` empties the cache; or set XDG_CACHE_HOME to another disk")
    }
}

/// Where the blobs of the cache lie: `sha256/HEX` those that are whole, `partial/HEX` those that are on their way, and
/// `used/HEX` empty files whose times say when a blob was last used. A blob's own times stay as they are, since what is
/// known of it depends on them.
struct BlobDirectory: Sendable {
    static let name = "blobs"

    /// `<cache directory>/blobs`
    let path: FilePath

    /// - Parameter cache: the program's cache directory.
    init(cache: FilePath) {
        path = cache.appending(Self.name)
    }

    enum Part: String {
        case whole = "sha256"
        case partial
        case used
    }

    func directory(_ part: Part) -> FilePath { path.appending(part.rawValue) }

    func path(_ part: Part, _ digest: Digest) -> FilePath { directory(part).appending(digest.hex) }

    /// Opens a blob that is whole, as far as anybody can tell without reading it; nil if there is none.
    func open(_ digest: Digest) -> FileRange? {
        let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = path(.whole, digest).withPlatformString { Glibc.open($0, flags) }
        guard descriptor >= 0, let file = try? OpenFile(owning: descriptor, name: "the blob \(digest)"),
            file.isRegular
        else { return nil }
        return file.whole
    }

    /// Notes that a blob is used now. Where that cannot be written it counts as used when it was made.
    func noteUse(of digest: Digest) {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = path(.used, digest).withPlatformString { Glibc.open($0, flags, mode_t(0o600)) }
        guard descriptor >= 0 else { return }
        futimens(descriptor, nil)
        close(descriptor)
    }

    /// Removes what lies in a blob's place; whether there was something.
    func remove(_ digest: Digest) -> Bool {
        path(.whole, digest).withPlatformString { unlink($0) == 0 || rmdir($0) == 0 }
    }
}
