import Archives
import Digests
import Glibc
import SystemPackage

/// One file of the cache.
public struct CacheEntry: Hashable, Sendable {
    /// What is kept there.
    public enum Kind: String, CaseIterable, Sendable {
        /// Blobs that are whole.
        case blobs
        /// Blobs whose fetching was cut.
        case partialBlobs
        /// Digests of layers that were computed before.
        case digests
        /// File systems of base images, for virtual machines.
        case lowerImages
    }

    public let kind: Kind
    public let path: FilePath
    /// Bytes.
    public let size: UInt64
    /// When it was last used, in nanoseconds since 1970, as near as the file system tells.
    public let lastUse: Int64

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
