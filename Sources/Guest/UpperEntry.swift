import CLinux
import Errors
import Glibc
import Tar

/// A file of the layer's directory, as the file system tells of it.
struct UpperEntry {
    /// A regular file that is empty: what whiteouts are in a tar.
    static let marker = UpperEntry()

    /// In the current directory.
    let path: CPath
    private let status: stat
    let xattrs: [TarXattr]

    private init() {
        path = CPath([])
        var status = stat()
        status.st_mode = S_IFREG
        self.status = status
        xattrs = []
    }

    init(_ path: String) throws { try self.init(Array(path.utf8)) }

    /// - Parameter name: in the current directory, or an absolute path.
    init(_ name: [UInt8]) throws {
        path = CPath(name)
        var status = stat()
        guard lstat(path.chars, &status) == 0 else { throw Self.unreadable(path) }
        self.status = status
        xattrs = try Self.xattrs(of: path)
    }

    /// Nil for a socket.
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

    /// An overlay's mark for a name of a lower directory that was removed.
    var isWhiteout: Bool { kind == .characterDevice && status.st_rdev == 0 }

    /// Whether another one has the same mode and owner.
    func isLike(_ other: UpperEntry) -> Bool {
        status.st_mode == other.status.st_mode && status.st_uid == other.status.st_uid
            && status.st_gid == other.status.st_gid
    }

    var mode: UInt16 { UInt16(status.st_mode & 0o7777) }
    var size: UInt64 { UInt64(status.st_size) }
    var number: ino_t { status.st_ino }
    var hasOtherNames: Bool { kind != .directory && status.st_nlink > 1 }

    var attributes: TarAttributes {
        TarAttributes(
            uid: UInt64(status.st_uid), gid: UInt64(status.st_gid),
            modified: TarTime(seconds: Int64(status.st_mtim.tv_sec)))
    }

    var device: (major: UInt32, minor: UInt32) {
        guard kind == .characterDevice || kind == .blockDevice else { return (0, 0) }
        return (clinux_device_major(UInt64(status.st_rdev)), clinux_device_minor(UInt64(status.st_rdev)))
    }

    /// What a symbolic link points to; empty for all else.
    func linkTarget() throws -> [UInt8] {
        guard kind == .symbolicLink else { return [] }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path.chars, &buffer, buffer.count)
        guard count >= 0 else { throw Self.unreadable(path) }
        return buffer[..<count].map { UInt8(bitPattern: $0) }
    }

    func open() throws -> DescriptorReader {
        let descriptor = Glibc.open(path.chars, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.unreadable(path) }
        return DescriptorReader(owning: descriptor, name: path.words)
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

    /// - Parameter read: gives the number of bytes, and them if the buffer is not empty.
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
        .io("cannot read '\(path.words)' in the layer's directory")
    }
}
