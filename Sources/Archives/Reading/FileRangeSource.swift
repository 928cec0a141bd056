import Failures
import Tar

/// Reads a stretch of a file from its start to its end, passing over bytes without reading them.
public final class FileRangeSource: ByteSource, TarBody {
    /// Small reads, those of headers, are served from a buffer of this size. It is no larger, since what lies between two
    /// headers is mostly passed over.
    private static let capacity = 8 * 1024

    private let range: FileRange
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 4096)
    /// The bytes of `buffer` that were read and not given yet.
    private var held = 0..<0
    /// Where in the range the next read goes on, behind what is held.
    private var position: UInt64 = 0

    init(_ range: FileRange) {
        self.range = range
    }

    deinit { buffer.deallocate() }

    public func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        if held.isEmpty {
            guard target.count < buffer.count else { return try readRange(target) }
            guard !target.isEmpty else { return 0 }
            held = 0..<(try readRange(buffer))
        }
        let count = min(target.count, held.count)
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[held].prefix(count)))
        held = held.dropFirst(count)
        return count
    }

    public func skip(_ count: UInt64) throws -> UInt64 {
        let inBuffer = min(count, UInt64(held.count))
        held = held.dropFirst(Int(inBuffer))
        let step = min(count - inBuffer, range.size - position)
        position += step
        return inBuffer + step
    }

    public var descriptor: Int32 { range.file.descriptor }

    /// Where in the file the next byte lies.
    public var offset: UInt64? { range.offset + position - UInt64(held.count) }

    private func readRange(_ target: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try range.read(into: target, at: position)
        position += UInt64(count)
        return count
    }
}
