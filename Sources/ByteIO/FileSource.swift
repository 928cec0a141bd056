import Errors
import Glibc
package import SystemPackage

/// Reads from a descriptor; passes over bytes without reading them where it is a file.
package final class FileSource: ByteSource {
    /// Small reads, those of headers, are served from a buffer of this size.
    private static let capacity = 64 * 1024

    private let descriptor: Int32
    private let isOwned: Bool
    private let name: String
    /// The size of a file, nil for all that cannot be sought.
    private let fileSize: Int64?
    private var buffer = ReadBuffer(capacity: capacity)

    /// - Parameters:
    ///   - descriptor: where to read, from where it stands.
    ///   - name: what it is, for errors.
    ///   - isOwned: whether it is closed with this object.
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
                .data, "cannot read '\(path)'", cause: "it is a directory, and not an archive",
                remedy: "name the archive's file")
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

    /// Moves on within the file: seeking beyond its end would go unnoticed.
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

/// Reads a stretch of a file from its start to its end, passing over bytes without reading them.
package final class FileRangeSource: ByteSource {
    /// Small reads, those of headers, are served from a buffer of this size. It is no larger, since what lies between two
    /// headers is mostly passed over.
    private static let capacity = 8 * 1024

    private let range: FileRange
    private var buffer = ReadBuffer(capacity: capacity)
    /// Where in the range the next read goes on, behind what is held.
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

    package var descriptor: Int32 { range.file.descriptor }

    /// Where in the file the next byte lies.
    package var offset: UInt64? { range.offset + position - UInt64(buffer.count) }
}
