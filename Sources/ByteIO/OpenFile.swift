package import Errors
import Glibc
package import SystemPackage

/// A file that is read from any place by any number of readers at once. It is closed when nobody has it any more.
package final class OpenFile: Sendable {
    package let descriptor: Int32
    /// What it is, for errors: `'base.tar'`.
    package let name: String
    /// Bytes when it was opened.
    package let size: UInt64
    /// No directory, FIFO or device.
    package let isRegular: Bool
    /// What tells this file in this state from all others; nil for one without a name, which nobody meets again.
    package let identity: FileIdentity?

    /// - Parameter descriptor: an open file; this object closes it.
    /// - Throws: `ToolError` with code `io`.
    package init(owning descriptor: Int32, name: String) throws {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let failure = ToolError.io("cannot read \(name)")
            close(descriptor)
            throw failure
        }
        self.descriptor = descriptor
        self.name = name
        size = UInt64(max(0, status.st_size))
        isRegular = status.st_mode & S_IFMT == S_IFREG
        identity = FileIdentity(status)
    }

    /// Opens a file, by no link at its end.
    ///
    /// - Throws: `ToolError` with code `io`.
    package static func read(_ path: FilePath, name: String) throws -> OpenFile {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
        guard descriptor >= 0 else { throw ToolError.io("cannot read \(name)") }
        return try OpenFile(owning: descriptor, name: name)
    }

    /// - Parameter descriptor: an open file without a name, which is yet to be written; this object closes it.
    init(nameless descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
        size = 0
        isRegular = true
        identity = nil
    }

    deinit { close(descriptor) }

    /// Whether it is still what it was when it was opened, as far as the file system says.
    package var isUnchanged: Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && FileIdentity(status) == identity
    }

    /// The whole file.
    package var whole: FileRange { FileRange(file: self, offset: 0, size: size) }

    /// Fills the start of `buffer` with what lies at `offset`.
    ///
    /// - Returns: how many bytes came; 0 only where the file ends.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws -> Int {
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, Int(offset))
            if count >= 0 { return count }
            guard errno == EINTR else { throw ToolError.io("cannot read \(name)") }
        }
    }

    /// The error for a file that ended before its end.
    package var shortened: ToolError {
        ToolError(
            .io, "cannot read \(name)", cause: "it became shorter while it was read",
            remedy: "see that nothing writes to it, and run again")
    }
}

/// What the file system says of a file that is another one, or changed, when any of it differs.
package struct FileIdentity: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64
    package let size: Int64
    /// When its contents last changed, in nanoseconds since 1970.
    package let modified: Int64
    /// When the file or what is known of it last changed, in nanoseconds since 1970. No program can set it.
    package let changed: Int64

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modified = status.st_mtim.nanoseconds
        changed = status.st_ctim.nanoseconds
    }
}

extension timespec {
    /// Nanoseconds since 1970.
    package var nanoseconds: Int64 { Int64(tv_sec) &* 1_000_000_000 &+ Int64(tv_nsec) }
}

/// Files that are read whole, since they are small by their nature.
package enum SmallFile {
    /// The bytes of a file; one more than `limit` of one that is longer.
    ///
    /// - Throws: `Errno`.
    package static func read(_ path: FilePath, limit: Int) throws -> [UInt8] {
        let descriptor = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        return try descriptor.closeAfter { try read(descriptor, limit: limit) }
    }

    /// The same of what is open already, from where it stands.
    package static func read(_ descriptor: FileDescriptor, limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count <= limit {
            let count = try buffer.withUnsafeMutableBytes {
                try descriptor.read(into: UnsafeMutableRawBufferPointer(rebasing: $0.prefix(limit + 1 - bytes.count)))
            }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }
}
