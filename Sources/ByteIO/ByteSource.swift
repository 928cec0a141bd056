/// Where bytes come from: a file, a pipe, a decompressor, the body of a tar's entry.
package protocol ByteSource: AnyObject {
    /// Fills the start of `buffer`.
    ///
    /// - Returns: how many bytes came, at least one; 0 only where the source ends (or `buffer` is empty).
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int

    /// Passes over `count` bytes without giving them.
    ///
    /// - Returns: how many there were: fewer only where the source ends.
    func skip(_ count: UInt64) throws -> UInt64
}

extension ByteSource {
    /// Passes over bytes by reading them: for sources that know no shorter way.
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
    /// - Returns: how many bytes came: fewer than asked for only where the source ends.
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

/// A source whose first bytes were looked at, and are given all the same.
package final class PeekedSource: ByteSource {
    /// The first bytes: as many as were asked for, fewer only where the source has no more.
    package let start: [UInt8]
    private let source: any ByteSource
    /// How many bytes of `start` were given.
    private var given = 0

    /// - Parameter count: how many bytes to look at.
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
