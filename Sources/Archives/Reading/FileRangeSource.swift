import Failures
import Tar

/// Reads a stretch of a file from its start to its end, passing over bytes without reading them.
public final class FileRangeSource: ByteSource, TarBody {
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

    public func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        try buffer.read(into: target) { part in
            let count = try range.read(into: part, at: position)
            position += UInt64(count)
            return count
        }
    }

    public func skip(_ count: UInt64) throws -> UInt64 {
        let inBuffer = buffer.skip(count)
        let step = min(count - inBuffer, range.size - position)
        position += step
        return inBuffer + step
    }

    public var descriptor: Int32 { range.file.descriptor }

    /// Where in the file the next byte lies.
    public var offset: UInt64? { range.offset + position - UInt64(buffer.count) }
}
