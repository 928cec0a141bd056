import Glibc

/// A range of an open file, such as a blob, a layer or the body of an entry. Any number of readers can read it at the
/// same time, at any position.
package struct FileRange: Sendable {
    /// The file.
    package let file: OpenFile
    /// The start of the range in the file, in bytes.
    package let offset: UInt64
    /// The size of the range in bytes.
    package let size: UInt64

    /// Creates a range, which may end after the file: reading then fails at the end of the file.
    package init(file: OpenFile, offset: UInt64, size: UInt64) {
        self.file = file
        self.offset = offset
        self.size = size
    }

    /// Returns a part of this range; the part is cut off at the end of this range.
    package func slice(at start: UInt64, size: UInt64) -> FileRange {
        let start = min(start, self.size)
        return FileRange(file: file, offset: offset + start, size: min(size, self.size - start))
    }

    /// Creates a source that reads the range from its start to its end.
    package func source() -> FileRangeSource { FileRangeSource(self) }

    /// Fills the start of `buffer` with the bytes at `place` in the range.
    ///
    /// - Returns: the number of bytes; 0 only at the end of the range.
    /// - Throws: `ToolError` with code `io` if the file cannot be read, or became shorter since it was opened.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at place: UInt64) throws -> Int {
        guard place < size, !buffer.isEmpty else { return 0 }
        let count = Int(min(UInt64(buffer.count), size - place))
        let read = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: offset + place)
        guard read > 0 else { throw file.shortened }
        return read
    }

    /// Reads all bytes into memory: for small ranges.
    ///
    /// - Throws: `ToolError` with code `io` as `read` does.
    package func bytes() throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            count = try source().fill(UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// Writes all bytes to a sink; the kernel copies them if the sink supports this.
    ///
    /// - Throws: `ToolError` with code `io` as `read` does; errors of the sink.
    package func copy(to sink: any ByteSink) throws {
        var place: UInt64 = 0
        while sink.copiesFiles, place < size {
            let count = Int(min(size - place, Self.copyStep))
            let copied = try sink.copy(count, from: file.descriptor, at: offset + place)
            guard copied > 0 else { throw file.shortened }
            place += UInt64(copied)
        }
        var buffer = BlockBuffer(capacity: sink.bufferSize)
        while place < size {
            while !buffer.isFull, place < size {
                let read = try read(into: buffer.room, at: place)
                buffer.advance(read)
                place += UInt64(read)
            }
            buffer = try sink.take(buffer)
        }
    }

    /// The maximum number of bytes of one copy: small enough that progress is visible within a large file.
    private static let copyStep: UInt64 = 8 << 20
}
