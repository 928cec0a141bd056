import ByteIO

/// Reads bytes from a buffer that the caller keeps alive, at most `step` at a time.
final class BufferSource: ByteSource {
    private var rest: Slice<UnsafeRawBufferPointer>
    private let step: Int

    init(_ bytes: UnsafeRawBufferPointer, step: Int) {
        rest = bytes[...]
        self.step = step
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let part = rest.prefix(min(buffer.count, step))
        buffer.copyBytes(from: part)
        rest = rest.dropFirst(part.count)
        return part.count
    }

    /// Reads a source to its end.
    ///
    /// - Returns: the number of bytes.
    static func drain(_ source: any ByteSource, step: Int) throws -> UInt64 {
        try withUnsafeTemporaryAllocation(byteCount: step, alignment: 16) { buffer in
            var total: UInt64 = 0
            while true {
                let count = try source.read(into: buffer)
                guard (0...step).contains(count) else { throw Find("\(count) bytes came for \(step)") }
                guard count > 0 else { return total }
                total += UInt64(count)
            }
        }
    }
}
