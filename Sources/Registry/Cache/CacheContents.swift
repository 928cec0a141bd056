import ByteIO
import Errors
import Glibc
import Images
import OCI
package import SystemPackage

/// The contents of the program's cache directory: blobs, digests of layers and file systems of base images.
package struct CacheContents: Sendable {
    /// The program's cache directory.
    package let directory: FilePath
    /// The program's files; files of other programs are left out.
    package let entries: [CacheEntry]

    /// Lists a cache directory; a missing directory is empty.
    ///
    /// - Throws: `ToolError` with code `io` if a directory cannot be read.
    package static func read(_ directory: FilePath) throws -> CacheContents {
        let blobs = BlobDirectory(cache: directory)
        var entries = try names(in: blobs.directory(.complete)).compactMap { name in
            CacheEntry(
                .blobs, blobs.directory(.complete).appending(name), use: blobs.directory(.used).appending(name))
        }
        entries += try names(in: blobs.directory(.partial)).compactMap { name in
            CacheEntry(.partialBlobs, blobs.directory(.partial).appending(name))
        }
        let digests = DigestCache.directory(in: directory)
        for part in try names(in: digests) {
            let part = digests.appending(part)
            entries += try names(in: part).compactMap { CacheEntry(.digests, part.appending($0)) }
        }
        let rootfsImages = RootfsImageCache.directory(in: directory)
        entries += try names(in: rootfsImages).compactMap { CacheEntry(.rootfsImages, rootfsImages.appending($0)) }
        return CacheContents(directory: directory, entries: entries)
    }

    /// Removes entries. Files that other processes have open stay readable for them; blobs that they are fetching stay.
    ///
    /// - Returns: the removed entries.
    /// - Throws: `ToolError` with code `io` for the first entry that cannot be removed, after removing all others.
    package func prune(_ pruning: CachePruning) throws -> [CacheEntry] {
        let used = BlobDirectory(cache: directory).directory(.used)
        var firstError: ToolError?
        let removed = pruning.selection(from: entries).filter { entry in
            if entry.kind == .partialBlobs { return LockedIngest.removeUnlocked(entry.path) }
            if entry.path.withPlatformString({ unlink($0) }) != 0, errno != ENOENT {
                firstError = firstError ?? ToolError.io("cannot remove '\(entry.path)'")
                return false
            }
            return true
        }
        let gone = Set(removed.compactMap { $0.kind == .blobs ? $0.path.lastComponent : nil })
        for name in gone { used.appending(name).withPlatformString { _ = unlink($0) } }
        if let firstError { throw firstError }
        return removed
    }

    /// The names in a directory; none if it does not exist.
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

/// A file of the cache.
package struct CacheEntry: Hashable, Sendable {
    /// The kind of a file. The raw values are members of the JSON result.
    package enum Kind: String, CaseIterable, Sendable {
        /// Complete blobs.
        case blobs
        /// Blobs whose download was interrupted.
        case partialBlobs
        /// Digests of layers that were computed earlier.
        case digests
        /// File systems of base images, for virtual machines.
        case rootfsImages = "lowerImages"
    }

    /// The kind of the file.
    package let kind: Kind
    /// The absolute path of the file.
    package let path: FilePath
    /// The size in bytes.
    package let size: UInt64
    /// The time of the last use, in nanoseconds since 1970, with the file system's precision.
    package let lastUse: Int64

    /// Reads the size and times of a file.
    ///
    /// - Parameter use: the file whose modification time is the time of the last use.
    /// - Returns: nil unless the file's name begins with the 64 digits of a digest, as those of all cached files do.
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

/// Selects the cache entries to remove.
package enum CachePruning: Hashable, Sendable {
    /// All entries.
    case all
    /// Entries last used before a time, in nanoseconds since 1970.
    case usedBefore(Int64)
    /// The least recently used entries, until at most this many bytes are left.
    case downTo(UInt64)

    /// The entries to remove.
    func selection(from entries: [CacheEntry]) -> [CacheEntry] {
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
