import ByteIO
import Errors
import Glibc
import Images
import OCI
import SystemPackage

/// All that the program keeps in its cache directory: blobs, digests of layers and file systems of base images.
package struct CacheContents: Sendable {
    /// The program's cache directory.
    package let directory: FilePath
    package let entries: [CacheEntry]

    /// Looks what is there; a directory that is not there is empty.
    ///
    /// - Throws: `ToolError` with code `io` if a directory cannot be read.
    package init(of directory: FilePath) throws {
        self.directory = directory
        let blobs = BlobDirectory(cache: directory)
        var entries = try Self.names(in: blobs.directory(.whole)).compactMap { name in
            CacheEntry(
                .blobs, blobs.directory(.whole).appending(name), use: blobs.directory(.used).appending(name))
        }
        entries += try Self.names(in: blobs.directory(.partial)).compactMap { name in
            CacheEntry(.partialBlobs, blobs.directory(.partial).appending(name))
        }
        let digests = DigestCache.directory(in: directory)
        for part in try Self.names(in: digests) {
            let part = digests.appending(part)
            entries += try Self.names(in: part).compactMap { CacheEntry(.digests, part.appending($0)) }
        }
        let lowerImages = RootfsImageCache.directory(in: directory)
        entries += try Self.names(in: lowerImages).compactMap { CacheEntry(.lowerImages, lowerImages.appending($0)) }
        self.entries = entries
    }

    /// Removes entries. What other processes have open they keep, and what they are fetching stays.
    ///
    /// - Returns: what was removed.
    /// - Throws: `ToolError` with code `io` for the first one that cannot be removed; all that can are then.
    package func prune(_ pruning: CachePruning) throws -> [CacheEntry] {
        let used = BlobDirectory(cache: directory).directory(.used)
        var failure: ToolError?
        let removed = pruning.chosen(of: entries).filter { entry in
            if entry.kind == .partialBlobs { return LockedIngest.removeUnlocked(entry.path) }
            if entry.path.withPlatformString({ unlink($0) }) != 0, errno != ENOENT {
                failure = failure ?? ToolError.io("cannot remove '\(entry.path)'")
                return false
            }
            return true
        }
        let gone = Set(removed.compactMap { $0.kind == .blobs ? $0.path.lastComponent : nil })
        for name in gone { used.appending(name).withPlatformString { _ = unlink($0) } }
        if let failure { throw failure }
        return removed
    }

    /// What is in a directory; nothing if it is not there.
    private static func names(in directory: FilePath) throws -> [String] {
        do {
            return try DirectoryNames.read(directory)
        } catch Errno.noSuchFileOrDirectory, Errno.notDirectory {
            return []
        } catch let error as Errno {
            throw ToolError.io("cannot read the directory '\(directory)'", error)
        }
    }
}

/// One file of the cache.
package struct CacheEntry: Hashable, Sendable {
    /// What is kept there.
    package enum Kind: String, CaseIterable, Sendable {
        /// Blobs that are whole.
        case blobs
        /// Blobs whose fetching was cut.
        case partialBlobs
        /// Digests of layers that were computed before.
        case digests
        /// File systems of base images, for virtual machines.
        case lowerImages
    }

    package let kind: Kind
    package let path: FilePath
    /// Bytes.
    package let size: UInt64
    /// When it was last used, in nanoseconds since 1970, as near as the file system tells.
    package let lastUse: Int64

    /// Nil unless there is a file whose name begins with a digest's 64 digits, as all that the program keeps does.
    ///
    /// - Parameter use: the file whose time is that of the last use, where there is one.
    init?(_ kind: Kind, _ path: FilePath, use: FilePath? = nil) {
        var status = stat()
        guard let name = path.lastComponent?.string, Digest(hex: name.prefix(64)) != nil,
            path.withPlatformString({ lstat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFREG
        else { return nil }
        self.kind = kind
        self.path = path
        size = UInt64(max(0, status.st_size))
        let times = [status.st_mtim.nanoseconds, status.st_atim.nanoseconds]
        var used = stat()
        if let use, use.withPlatformString({ lstat($0, &used) }) == 0 {
            lastUse = used.st_mtim.nanoseconds
        } else {
            lastUse = times.max() ?? 0
        }
    }
}

/// What of the cache is removed.
package enum CachePruning: Hashable, Sendable {
    /// All of it.
    case all
    /// What was last used before a time, in nanoseconds since 1970.
    case usedBefore(Int64)
    /// What was used longest ago, until so many bytes are left at most.
    case downTo(UInt64)

    /// Those of `entries` that are to go.
    func chosen(of entries: [CacheEntry]) -> [CacheEntry] {
        switch self {
        case .all: return entries
        case .usedBefore(let time): return entries.filter { $0.lastUse < time }
        case .downTo(let limit):
            var total = entries.reduce(0) { $0 + $1.size }
            return entries.sorted { $0.lastUse < $1.lastUse }.prefix { entry in
                guard total > limit else { return false }
                total -= entry.size
                return true
            }
        }
    }
}
