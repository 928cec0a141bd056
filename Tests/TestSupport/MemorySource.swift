import ByteIO

/// Reads bytes from memory, at most `step` of them at a time.
package final class MemorySource: ByteSource {
    private var rest: ArraySlice<UInt8>
    private let step: Int

    /// Makes a source of bytes.
    ///
    /// - Parameter step: the largest number of bytes that a read returns.
    package init(_ bytes: [UInt8], step: Int = .max) {
        rest = bytes[...]
        self.step = step
    }

    /// Reads the next bytes, at most `step`.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let part = rest.prefix(min(buffer.count, step))
        buffer.copyBytes(from: part)
        rest = rest.dropFirst(part.count)
        return part.count
    }
}

extension ByteSource {
    /// Reads to the end, `step` bytes at a time.
    package func readAll(step: Int = 1 << 16) throws -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: step)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try read(into: $0) }
            guard count > 0 else { return all }
            all += buffer[..<count]
        }
    }
}
