import Glibc

/// What the file system says of a file that is another one, or changed, when any of it differs.
public struct FileIdentity: Hashable, Sendable {
    public let device: UInt64
    public let inode: UInt64
    public let size: Int64
    /// When its contents last changed, in nanoseconds since 1970.
    public let modified: Int64
    /// When the file or what is known of it last changed, in nanoseconds since 1970. No program can set it.
    public let changed: Int64

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modified = status.st_mtim.nanoseconds
        changed = status.st_ctim.nanoseconds
    }
}
