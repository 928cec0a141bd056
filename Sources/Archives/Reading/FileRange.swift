import Digests
import Failures
import Tar

/// A stretch of an open file: a blob, a layer, a body in one. It is read from any place and in any order, by any number
/// of readers at once.
public struct FileRange: Sendable {
    public let file: OpenFile
    /// Where in the file it begins, in bytes.
    public let offset: UInt64
    /// Bytes.
    public let size: UInt64

    /// Reading fails where the file ends before the stretch does.
    public init(file: OpenFile, offset: UInt64, size: UInt64) {
        self.file = file
        self.offset = offset
        self.size = size
    }

    /// A stretch of this one; what would lie behind its end is cut off.
    public func slice(at start: UInt64, size: UInt64) -> FileRange {
        let start = min(start, self.size)
        return FileRange(file: file, offset: offset + start, size: min(size, self.size - start))
    }

    /// The bytes from the first to the last.
    public func source() -> FileRangeSource { FileRangeSource(self) }

    /// Fills the start of `buffer` with what lies at `place` of the range.
    ///
    /// - Returns: how many bytes came; 0 only at the end of the range.
    /// - Throws: `Failure` with code `io` if the file cannot be read, or became shorter since it was opened.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at place: UInt64) throws -> Int {
        guard place < size, !buffer.isEmpty else { return 0 }
        let count = Int(min(UInt64(buffer.count), size - place))
        let read = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: offset + place)
        guard read > 0 else { throw file.shortened }
        return read
    }

    /// All bytes, which are held in memory: for small ones.
    public func bytes() throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            count = try source().fill(UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// Hands all bytes to a sink: in the kernel where it copies files.
    public func copy(to sink: any ByteSink) throws {
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

    /// The SHA-256 of all bytes.
    public func digest() throws -> Digest {
        let sink = DigestSink(try SHA256())
        try copy(to: sink)
        return sink.finish()
    }

    /// A call's worth at a time, so that progress shows within a large file.
    private static let copyStep: UInt64 = 8 << 20
}
