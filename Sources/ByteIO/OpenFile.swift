package import Errors
import Glibc
package import SystemPackage

/// An open file that any number of readers can read at the same time, at any position. It is closed with its last
/// reference.
package final class OpenFile: Sendable {
    /// The descriptor, which this object closes.
    package let descriptor: Int32
    /// The name in errors, in quotation marks if it is a path: `'base.tar'`.
    package let name: String
    /// The size in bytes when the file was opened.
    package let size: UInt64
    /// Whether the file is neither a directory nor a FIFO nor a device.
    package let isRegular: Bool
    /// The identity of the file in its current state; nil for an unnamed file, which cannot be opened again.
    package let identity: FileIdentity?

    /// Takes over an open descriptor.
    ///
    /// - Parameters:
    ///   - descriptor: the descriptor of a file, which this object closes, also if it throws.
    ///   - name: the name in errors.
    /// - Throws: `ToolError` with code `io` if the state of the file cannot be read.
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

    /// Opens a file for reading, unless the path is a symbolic link.
    ///
    /// - Throws: `ToolError` with code `io` if the file cannot be opened.
    package static func read(_ path: FilePath, name: String) throws -> OpenFile {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
        guard descriptor >= 0 else { throw ToolError.io("cannot read \(name)") }
        return try OpenFile(owning: descriptor, name: name)
    }

    /// - Parameter descriptor: an empty unnamed file, which this object closes.
    init(nameless descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
        size = 0
        isRegular = true
        identity = nil
    }

    deinit { close(descriptor) }

    /// Whether the identity, size and times of the file are the same as when it was opened.
    package var isUnchanged: Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && FileIdentity(status) == identity
    }

    /// Checks that a file with a name is in the state that it had when it was opened.
    ///
    /// - Throws: `ToolError` with code `io` if it has changed.
    package func requireUnchanged() throws {
        guard identity != nil, !isUnchanged else { return }
        throw ToolError(
            .io, "cannot read \(name)", cause: "it changed while it was read",
            remedy: "make sure that no program writes to it, and run again")
    }

    /// The whole file.
    package var whole: FileRange { FileRange(file: self, offset: 0, size: size) }

    /// Fills the start of `buffer` with the bytes at `offset`.
    ///
    /// - Returns: the number of bytes; 0 only at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws -> Int {
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, Int(offset))
            if count >= 0 { return count }
            guard errno == EINTR else { throw ToolError.io("cannot read \(name)") }
        }
    }

    /// The error for a file that became shorter after it was opened.
    package var shortened: ToolError {
        ToolError(
            .io, "cannot read \(name)", cause: "it became shorter while it was read",
            remedy: "make sure that no program writes to it, and run again")
    }
}

/// Identifies a file and its state: any change of the file changes a member.
package struct FileIdentity: Hashable, Sendable {
    /// The number of the device with the file system.
    package let device: UInt64
    /// The number of the file in its file system.
    package let inode: UInt64
    /// The size in bytes.
    package let size: Int64
    /// The time of the last change of the contents, in nanoseconds since 1970.
    package let modified: Int64
    /// The time of the last change of the contents or the attributes, in nanoseconds since 1970. Programs cannot set
    /// it.
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
    /// The time in nanoseconds since 1970.
    package var nanoseconds: Int64 { Int64(tv_sec) &* 1_000_000_000 &+ Int64(tv_nsec) }
}

/// Reads small files as a whole.
package enum SmallFile {
    /// Reads at most `limit` + 1 bytes of a file, so that the caller notices a longer file.
    ///
    /// - Throws: `Errno`.
    package static func read(_ path: FilePath, limit: Int) throws -> [UInt8] {
        let descriptor = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        return try descriptor.closeAfter { try read(descriptor, limit: limit) }
    }

    /// Reads at most `limit` + 1 bytes from the current position of a descriptor.
    ///
    /// - Throws: `Errno`.
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
