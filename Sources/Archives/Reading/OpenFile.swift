import Failures
import Glibc
import SystemPackage

/// A file that is read from any place by any number of readers at once. It is closed when nobody has it any more.
public final class OpenFile: Sendable {
    public let descriptor: Int32
    /// What it is, for errors: `'base.tar'`.
    public let name: String
    /// Bytes when it was opened.
    public let size: UInt64
    /// No folder, FIFO or device.
    public let isRegular: Bool
    /// What tells this file in this state from all others; nil for one without a name, which nobody meets again.
    public let identity: FileIdentity?

    /// - Parameter descriptor: an open file; this object closes it.
    /// - Throws: `Failure` with code `io`.
    public init(owning descriptor: Int32, name: String) throws {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let failure = Failure.io("cannot read \(name)")
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
    /// - Throws: `Failure` with code `io`.
    public static func read(_ path: FilePath, name: String) throws -> OpenFile {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
        guard descriptor >= 0 else { throw Failure.io("cannot read \(name)") }
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
    public var isUnchanged: Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && FileIdentity(status) == identity
    }

    /// The whole file.
    public var whole: FileRange { FileRange(file: self, offset: 0, size: size) }

    /// Fills the start of `buffer` with what lies at `offset`.
    ///
    /// - Returns: how many bytes came; 0 only where the file ends.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws -> Int {
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, Int(offset))
            if count >= 0 { return count }
            guard errno == EINTR else { throw Failure.io("cannot read \(name)") }
        }
    }

    /// The error for a file that ended before its end.
    public var shortened: Failure {
        Failure(
            .io, "cannot read \(name)", why: "it became shorter while it was read",
            advice: "see that nothing writes to it, and run again")
    }
}
