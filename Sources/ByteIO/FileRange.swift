import Glibc

/// A stretch of an open file: a blob, a layer, a body in one. It is read from any place and in any order, by any number
/// of readers at once.
package struct FileRange: Sendable {
    package let file: OpenFile
    /// Where in the file it begins, in bytes.
    package let offset: UInt64
    /// Bytes.
    package let size: UInt64

    /// Reading fails where the file ends before the stretch does.
    package init(file: OpenFile, offset: UInt64, size: UInt64) {
        self.file = file
        self.offset = offset
        self.size = size
    }

    /// A stretch of this one; what would lie behind its end is cut off.
    package func slice(at start: UInt64, size: UInt64) -> FileRange {
        let start = min(start, self.size)
        return FileRange(file: file, offset: offset + start, size: min(size, self.size - start))
    }

    /// The bytes from the first to the last.
    package func source() -> FileRangeSource { FileRangeSource(self) }

    /// Fills the start of `buffer` with what lies at `place` of the range.
    ///
    /// - Returns: how many bytes came; 0 only at the end of the range.
    /// - Throws: `ToolError` with code `io` if the file cannot be read, or became shorter since it was opened.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at place: UInt64) throws -> Int {
        guard place < size, !buffer.isEmpty else { return 0 }
        let count = Int(min(UInt64(buffer.count), size - place))
        let read = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: offset + place)
        guard read > 0 else { throw file.shortened }
        return read
    }

    /// All bytes, which are held in memory: for small ones.
    package func bytes() throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            count = try source().fill(UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// Hands all bytes to a sink: in the kernel where it copies files.
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

    /// A call's worth at a time, so that progress shows within a large file.
    private static let copyStep: UInt64 = 8 << 20
}

extension FileRange {
    private static let compareSize = 128 * 1024

    /// Whether another stretch holds the same bytes.
    ///
    /// - Throws: `ToolError` with code `io` if one cannot be read.
    package func holdsTheSame(as other: FileRange) throws -> Bool {
        guard size == other.size else { return false }
        return try withUnsafeTemporaryAllocation(byteCount: 2 * Self.compareSize, alignment: 16) { buffers in
            let mine = UnsafeMutableRawBufferPointer(rebasing: buffers[..<Self.compareSize])
            let others = UnsafeMutableRawBufferPointer(rebasing: buffers[Self.compareSize...])
            let (source, otherSource) = (source(), other.source())
            while true {
                let count = try source.fill(mine)
                guard count > 0 else { return true }
                let otherPart = UnsafeMutableRawBufferPointer(rebasing: others[..<count])
                guard try otherSource.fill(otherPart) == count,
                    let start = mine.baseAddress, let otherStart = otherPart.baseAddress,
                    memcmp(start, otherStart, count) == 0
                else { return false }
            }
        }
    }
}
