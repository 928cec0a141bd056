import Archives
import Failures
import Glibc
import Images
import SystemPackage

/// All that the program keeps in its cache folder: blobs, digests of layers and file systems of base images.
public struct CacheContents: Sendable {
    /// The program's cache folder.
    public let folder: FilePath
    public let entries: [CacheEntry]

    /// Looks what is there; a folder that is not there is empty.
    ///
    /// - Throws: `Failure` with code `io` if a folder cannot be read.
    public init(of folder: FilePath) throws {
        self.folder = folder
        let blobs = BlobFolder(cache: folder)
        var entries = try Self.names(in: blobs.folder(.whole)).compactMap { name in
            CacheEntry(
                .blobs, blobs.folder(.whole).appending(name), use: blobs.folder(.used).appending(name))
        }
        entries += try Self.names(in: blobs.folder(.partial)).compactMap { name in
            CacheEntry(.partialBlobs, blobs.folder(.partial).appending(name))
        }
        let digests = DigestCache.folder(in: folder)
        for part in try Self.names(in: digests) {
            let part = digests.appending(part)
            entries += try Self.names(in: part).compactMap { CacheEntry(.digests, part.appending($0)) }
        }
        let lowerImages = LowerImages.folder(in: folder)
        entries += try Self.names(in: lowerImages).compactMap { CacheEntry(.lowerImages, lowerImages.appending($0)) }
        self.entries = entries
    }

    /// Removes entries. What other processes have open they keep, and what they are fetching stays.
    ///
    /// - Returns: what was removed.
    /// - Throws: `Failure` with code `io` for the first one that cannot be removed; all that can are then.
    public func prune(_ pruning: CachePruning) throws -> [CacheEntry] {
        let used = BlobFolder(cache: folder).folder(.used)
        var failure: Failure?
        let removed = pruning.chosen(of: entries).filter { entry in
            if entry.kind == .partialBlobs { return LockedPartial.removeUnlocked(entry.path) }
            if entry.path.withPlatformString({ unlink($0) }) != 0, errno != ENOENT {
                failure = failure ?? Failure.io("cannot remove '\(entry.path)'")
                return false
            }
            return true
        }
        let gone = Set(removed.compactMap { $0.kind == .blobs ? $0.path.lastComponent : nil })
        for name in gone { used.appending(name).withPlatformString { _ = unlink($0) } }
        if let failure { throw failure }
        return removed
    }

    /// What is in a folder; nothing if it is not there.
    private static func names(in folder: FilePath) throws -> [String] {
        do {
            return try FolderNames.read(folder)
        } catch Errno.noSuchFileOrDirectory, Errno.notDirectory {
            return []
        } catch let error as Errno {
            throw Failure.io("cannot read the folder '\(folder)'", error)
        }
    }
}
