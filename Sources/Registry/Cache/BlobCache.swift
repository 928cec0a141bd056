import Archives
import Digests
import Failures
import Foundation
import Glibc
import Images
import Synchronization
import SystemPackage

/// Blobs by their digests, in files that several runs and processes share.
///
/// A blob is fetched to a file of its own, which its process has locked meanwhile, and put in its place when its digest was
/// found right: what lies there is whole whenever the program ends. It is looked at once more before it is used, as a disk
/// may have damaged it since. Where there is no cache folder, or it cannot be written, blobs are kept in files without
/// names as long as this object lives.
public final class BlobCache: Sendable {
    private let cache: FilePath?
    private let digests: DigestCache?
    private let spool: SpoolFolder
    private let tell: @Sendable (String) -> Void
    /// The blobs that were asked for: each is verified once a run.
    private let verified = Mutex<[Digest: FileRange]>([:])

    /// - Parameters:
    ///   - folder: the program's cache folder; nil if there is none. It is made when it is needed.
    ///   - spool: where blobs are kept that cannot be put there.
    ///   - tell: is told what people should see: that a damaged blob is fetched anew, that another process is waited for.
    public init(folder: FilePath?, spool: SpoolFolder, tell: @escaping @Sendable (String) -> Void) {
        cache = folder
        digests = folder.map(DigestCache.init(folder:))
        self.spool = spool
        self.tell = tell
    }

    /// A blob, fetched unless it is there; safe to be called by several threads.
    ///
    /// - Parameters:
    ///   - size: the bytes that it should have; nil if that is not known.
    ///   - fetch: writes what is missing of it. If it throws, what it wrote is kept for the next fetch to go on from.
    /// - Returns: the blob, open for reading; it stays readable whatever becomes of the cache.
    /// - Throws: `Failure` with code `data` if what was fetched has another size or digest, with code `io` if it cannot be
    ///   kept; what `fetch` throws.
    public func blob(
        _ digest: Digest, size: UInt64?, fetch: (PartialBlob) throws -> Void
    ) throws -> FileRange {
        let blob = try verified.withLock { $0[digest] } ?? kept(digest, size, fetch) ?? spooled(digest, size, fetch)
        if let size, blob.size != size {
            throw Failure(
                .data, "cannot use the blob \(digest)", why: "it has \(blob.size) bytes, and should have \(size)",
                advice: "look at who made the manifest that names it: it tells a wrong size")
        }
        verified.withLock { $0[digest] = blob }
        return blob
    }

    /// The blob in the cache folder; nil if that cannot be written.
    private func kept(_ digest: Digest, _ size: UInt64?, _ fetch: (PartialBlob) throws -> Void) throws -> FileRange? {
        guard let cache else { return nil }
        let folder = BlobFolder(cache: cache)
        if let blob = try whole(digest, in: folder) { return blob }
        while true {
            switch try lock(digest, in: folder) {
            case .gone: continue
            case .impossible(let error):
                guard error == .noSpace || error == .diskQuotaExceeded else { return nil }
                throw Failure.io("cannot write to \(Self.place(cache).name)", error, advice: Self.place(cache).advice)
            case .locked(let file):
                // Another process may have fetched it before this one had the lock.
                if let blob = try whole(digest, in: folder) {
                    file.remove()
                    return blob
                }
                if folder.remove(digest) { tell("the blob \(digest) in the cache is damaged: it is fetched anew") }
                let blob = try fetched(digest, size, to: file, in: cache, fetch)
                folder.noteUse(of: digest)
                return blob
            }
        }
    }

    private func lock(_ digest: Digest, in folder: BlobFolder) throws -> LockedPartial.Attempt {
        for part in [BlobFolder.Part.partial, .whole, .used] where !folder.folder(part).makeFolders() {
            return .impossible(Errno(rawValue: errno))
        }
        return LockedPartial.open(folder.path(.partial, digest)) {
            tell("waiting for the blob \(digest), which is being fetched already")
        }
    }

    /// A blob that is in the cache, and not damaged.
    private func whole(_ digest: Digest, in folder: BlobFolder) throws -> FileRange? {
        guard let blob = folder.open(digest) else { return nil }
        let key = try DigestCache.Key(blob, at: DigestCache.now)
        if key.flatMap({ digests?.digest(for: $0) }) != digest {
            guard (try? blob.digest()) == digest else { return nil }
            // Known to be right is only what is on the disk: a power cut must not take away what is believed.
            if let key, fsync(blob.file.descriptor) == 0 { digests?.keep(digest, for: key) }
        }
        folder.noteUse(of: digest)
        return blob
    }

    /// Fetches a blob and puts it in its place.
    private func fetched(
        _ digest: Digest, _ size: UInt64?, to file: borrowing LockedPartial, in cache: FilePath,
        _ fetch: (PartialBlob) throws -> Void
    ) throws -> FileRange {
        let place = Self.place(cache)
        let partial = try PartialBlob(file.descriptor, of: digest, size: size, in: place)
        do {
            try partial.complete(fetch)
        } catch {
            if !partial.isWorthKeeping { file.remove() }
            throw error
        }
        let descriptor = file.path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
        let target = BlobFolder(cache: cache).path(.whole, digest)
        guard descriptor >= 0, rename(file.path.string, target.string) == 0 else {
            let failure = Failure.io("cannot put a blob into \(place.name)", advice: place.advice)
            if descriptor >= 0 { close(descriptor) }
            file.remove()
            throw failure
        }
        let blob = try OpenFile(owning: descriptor, name: "the blob \(digest)")
        // Beside other work: nobody waits for the disk. Until it has all, the blob is hashed before it is used.
        Thread.detachNewThread { fsync(blob.descriptor) }
        return blob.whole
    }

    /// The blob in a file without a name.
    private func spooled(_ digest: Digest, _ size: UInt64?, _ fetch: (PartialBlob) throws -> Void) throws -> FileRange {
        let file = try spool.openFile("the blob \(digest)")
        let place = PartialBlob.Place(
            name: "a work file", advice: "free some space, or set TMPDIR to a folder on another disk")
        let partial = try PartialBlob(file.descriptor, of: digest, size: size, in: place)
        try partial.complete(fetch)
        return FileRange(file: file, offset: 0, size: partial.count)
    }

    private static func place(_ cache: FilePath) -> PartialBlob.Place {
        PartialBlob.Place(
            name: "the cache folder '\(cache)'",
            advice:
                "free some space: `dockertools cache --prune` empties the cache; or set XDG_CACHE_HOME to another disk")
    }
}
