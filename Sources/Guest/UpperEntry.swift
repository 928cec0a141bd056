import CGuest
import CLinux
import Errors
import Glibc
import Tar

/// The metadata of a file in the layer's directory.
struct UpperEntry {
    /// An empty regular file, the form of whiteouts in a tar.
    static let marker = UpperEntry(path: CPath([]), status: markerStatus, xattrs: [])

    private static var markerStatus: stat {
        var status = stat()
        status.st_mode = S_IFREG
        return status
    }

    /// The path, relative to the current directory or absolute.
    let path: CPath
    private let status: stat
    /// The extended attributes, sorted by name.
    let xattrs: [TarXattr]

    /// Reads the metadata of a file.
    ///
    /// - Throws: `ToolError` with code `io`.
    static func read(_ path: String) throws -> UpperEntry { try read(Array(path.utf8)) }

    /// Reads the metadata of a file.
    ///
    /// - Parameter name: a name in the current directory, or an absolute path.
    /// - Throws: `ToolError` with code `io`.
    static func read(_ name: [UInt8]) throws -> UpperEntry {
        let path = CPath(name)
        var status = stat()
        guard lstat(path.chars, &status) == 0 else { throw unreadable(path) }
        return UpperEntry(path: path, status: status, xattrs: try xattrs(of: path))
    }

    /// The kind in a tar; nil for a socket.
    var kind: TarKind? {
        switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .directory
        case S_IFLNK: .symbolicLink
        case S_IFIFO: .fifo
        case S_IFCHR: .characterDevice
        case S_IFBLK: .blockDevice
        default: nil
        }
    }

    /// True for the overlay's mark of a removed name: a character device 0/0.
    var isWhiteout: Bool { kind == .characterDevice && status.st_rdev == 0 }

    /// True if another entry has the same kind, mode and owner.
    func isLike(_ other: UpperEntry) -> Bool {
        status.st_mode == other.status.st_mode && status.st_uid == other.status.st_uid
            && status.st_gid == other.status.st_gid
    }

    /// The permission bits with setuid, setgid and sticky: 07777.
    var mode: UInt16 { UInt16(status.st_mode & 0o7777) }
    /// The size in bytes.
    var size: UInt64 { UInt64(status.st_size) }
    /// The inode number.
    var number: ino_t { status.st_ino }
    /// True if the file may have other names (hard links).
    var hasOtherNames: Bool { kind != .directory && status.st_nlink > 1 }

    /// The owner and the time.
    var attributes: TarAttributes {
        TarAttributes(
            uid: UInt64(status.st_uid), gid: UInt64(status.st_gid),
            modified: TarTime(seconds: Int64(status.st_mtim.tv_sec)))
    }

    /// The device number; zeros for a file that is not a device.
    var device: (major: UInt32, minor: UInt32) {
        guard kind == .characterDevice || kind == .blockDevice else { return (0, 0) }
        return (clinux_device_major(UInt64(status.st_rdev)), clinux_device_minor(UInt64(status.st_rdev)))
    }

    /// The target of a symbolic link; empty for other files.
    func linkTarget() throws -> [UInt8] {
        guard kind == .symbolicLink else { return [] }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path.chars, &buffer, buffer.count)
        guard count >= 0 else { throw Self.unreadable(path) }
        return buffer[..<count].map { UInt8(bitPattern: $0) }
    }

    /// Opens a regular file.
    func open() throws -> DescriptorReader {
        let descriptor = Glibc.open(path.chars, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.unreadable(path) }
        return DescriptorReader(owning: descriptor, name: path.description)
    }

    private static func xattrs(of path: CPath) throws -> [TarXattr] {
        let names = try value(path) { clinux_list_xattrs(path.chars, $0.baseAddress, $0.count) }
        let sorted = names.split(separator: 0).map { Array($0) }.sorted { $0.lexicographicallyPrecedes($1) }
        return try sorted.map { name in
            let text = String(decoding: name, as: UTF8.self)
            return TarXattr(
                name: name, value: try value(path) { clinux_get_xattr(path.chars, text, $0.baseAddress, $0.count) })
        }
    }

    /// Reads a value of unknown size.
    ///
    /// - Parameter read: returns the size in bytes and fills the buffer unless it is empty; -1 is an error.
    private static func value(
        _ path: CPath, _ read: (UnsafeMutableRawBufferPointer) -> Int
    ) throws -> [UInt8] {
        let size = read(UnsafeMutableRawBufferPointer(start: nil, count: 0))
        guard size >= 0 else { throw unreadable(path) }
        guard size > 0 else { return [] }
        var buffer = [UInt8](repeating: 0, count: size)
        let count = buffer.withUnsafeMutableBytes { read($0) }
        guard count >= 0 else { throw unreadable(path) }
        return Array(buffer[..<count])
    }

    private static func unreadable(_ path: CPath) -> ToolError {
        .io("cannot read '\(path)' in the layer's directory")
    }
}
