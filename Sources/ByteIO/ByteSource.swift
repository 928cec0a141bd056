import Glibc

/// Provides bytes: a file, a pipe, a decompressor, the body of a tar entry.
package protocol ByteSource: AnyObject {
    /// Fills the start of `buffer`.
    ///
    /// - Returns: the number of bytes; 0 only at the end of the source, or if `buffer` is empty.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int

    /// Skips `count` bytes.
    ///
    /// - Returns: the number of skipped bytes; less than `count` only at the end of the source.
    func skip(_ count: UInt64) throws -> UInt64
}

extension ByteSource {
    /// Skips bytes by reading them: for sources that cannot seek.
    package func skip(_ count: UInt64) throws -> UInt64 {
        let size = Int(min(count, 64 * 1024))
        guard size > 0 else { return 0 }
        return try withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) { buffer in
            var rest = count
            while rest > 0 {
                let window = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(min(rest, UInt64(size)))])
                let read = try read(into: window)
                guard read > 0 else { break }
                rest -= UInt64(read)
            }
            return count - rest
        }
    }

    /// Fills `buffer` to its end.
    ///
    /// - Returns: the number of bytes; less than the size of `buffer` only at the end of the source.
    package func fill(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < buffer.count {
            let read = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            guard read > 0 else { break }
            filled += read
        }
        return filled
    }
}

extension ByteSource {
    /// Compares the remaining bytes with those of another source.
    ///
    /// - Throws: the errors of the sources.
    package func holdsTheSame(as other: any ByteSource) throws -> Bool {
        let size = 128 * 1024
        return try withUnsafeTemporaryAllocation(byteCount: 2 * size, alignment: 16) { buffers in
            let mine = UnsafeMutableRawBufferPointer(rebasing: buffers[..<size])
            let others = UnsafeMutableRawBufferPointer(rebasing: buffers[size...])
            while true {
                let count = try fill(mine)
                guard try other.fill(others) == count else { return false }
                guard count > 0 else { return true }
                guard let start = mine.baseAddress, let otherStart = others.baseAddress,
                    memcmp(start, otherStart, count) == 0
                else { return false }
            }
        }
    }
}

/// Reads the first bytes of a source in advance, and then provides the whole source.
package final class PeekedSource: ByteSource {
    /// The first bytes; fewer than requested only if the source has no more.
    package let start: [UInt8]
    private let source: any ByteSource
    /// The number of bytes of `start` that have been returned.
    private var given = 0

    /// Reads the first bytes.
    ///
    /// - Parameter count: the number of bytes for `start`.
    package init(_ source: any ByteSource, count: Int) throws {
        self.source = source
        start = try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = try source.fill(UnsafeMutableRawBufferPointer(buffer))
        }
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard given < start.count else { return try source.read(into: buffer) }
        let part = start[given...].prefix(buffer.count)
        buffer.copyBytes(from: part)
        given += part.count
        return part.count
    }

    package func skip(_ count: UInt64) throws -> UInt64 {
        let held = Int(min(count, UInt64(start.count - given)))
        given += held
        return try UInt64(held) + source.skip(count - UInt64(held))
    }
}
