import Errors
import Glibc
package import SystemPackage

/// Reads from a descriptor. In a regular file it skips bytes by seeking.
package final class FileSource: ByteSource {
    /// The size in bytes of the buffer for small reads, such as those of headers.
    private static let capacity = 64 * 1024

    private let descriptor: Int32
    private let isOwned: Bool
    private let name: String
    /// The size of a regular file in bytes; nil for anything else, which cannot seek.
    private let fileSize: Int64?
    private var buffer = ReadBuffer(capacity: capacity)

    /// Creates a source that reads from the current position of a descriptor.
    ///
    /// - Parameters:
    ///   - descriptor: a descriptor that is open for reading.
    ///   - name: the name of the input in errors.
    ///   - isOwned: whether this object closes the descriptor.
    package init(_ descriptor: Int32, name: String, isOwned: Bool = false) {
        self.descriptor = descriptor
        self.name = name
        self.isOwned = isOwned
        var status = stat()
        let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        fileSize = isFile ? Int64(status.st_size) : nil
    }

    /// Opens a file, FIFO or device for reading.
    ///
    /// - Throws: `ToolError` with code `io` if it cannot be opened, and `data` if it is a directory.
    package static func open(_ path: FilePath) throws -> FileSource {
        let descriptor = path.withPlatformString { Glibc.open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw ToolError.io("cannot open '\(path)'") }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            close(descriptor)
            throw ToolError(
                .data, "cannot read '\(path)'", cause: "it is a directory, not an archive",
                remedy: "give the path of an archive file")
        }
        return FileSource(descriptor, name: "'\(path)'", isOwned: true)
    }

    deinit {
        if isOwned { close(descriptor) }
    }

    package func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        try buffer.read(into: target, refill: readFile)
    }

    package func skip(_ count: UInt64) throws -> UInt64 {
        let inBuffer = buffer.skip(count)
        let rest = count - inBuffer
        guard rest > 0 else { return count }
        return inBuffer + (try fileSize.map { try seek(rest, fileSize: $0) } ?? skipByReading(rest))
    }

    /// Seeks forward, but not beyond the end of the file, where lseek(2) reports no error.
    private func seek(_ count: UInt64, fileSize: Int64) throws -> UInt64 {
        let position = lseek(descriptor, 0, SEEK_CUR)
        guard position >= 0 else { throw ToolError.io("cannot read \(name)") }
        let step = min(count, UInt64(max(0, fileSize - Int64(position))))
        guard lseek(descriptor, Int(step), SEEK_CUR) >= 0 else { throw ToolError.io("cannot read \(name)") }
        return step
    }

    private func skipByReading(_ count: UInt64) throws -> UInt64 {
        try withUnsafeTemporaryAllocation(byteCount: Self.capacity, alignment: 16) { window in
            var rest = count
            while rest > 0 {
                let read = try readFile(UnsafeMutableRawBufferPointer(rebasing: window.prefix(Int(clamping: rest))))
                guard read > 0 else { break }
                rest -= UInt64(read)
            }
            return count - rest
        }
    }

    private func readFile(_ target: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = Glibc.read(descriptor, target.baseAddress, target.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw ToolError.io("cannot read \(name)") }
        }
    }
}

/// Reads a range of a file from its start to its end. It skips bytes without reading them.
package final class FileRangeSource: ByteSource {
    /// The size in bytes of the buffer for small reads, such as those of headers. It is small because the bytes between
    /// two headers are usually skipped.
    private static let capacity = 8 * 1024

    private let range: FileRange
    private var buffer = ReadBuffer(capacity: capacity)
    /// The position in the range after the buffered bytes.
    private var position: UInt64 = 0

    init(_ range: FileRange) {
        self.range = range
    }

    package func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        try buffer.read(into: target) { part in
            let count = try range.read(into: part, at: position)
            position += UInt64(count)
            return count
        }
    }

    package func skip(_ count: UInt64) throws -> UInt64 {
        let inBuffer = buffer.skip(count)
        let step = min(count - inBuffer, range.size - position)
        position += step
        return inBuffer + step
    }

    /// The descriptor of the file.
    package var descriptor: Int32 { range.file.descriptor }

    /// The position of the next byte in the file; never nil.
    package var offset: UInt64? { range.offset + position - UInt64(buffer.count) }
}
