/// Where bytes come from: a file, a pipe, a decompressor, the body of a tar's entry.
public protocol ByteSource: AnyObject {
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
    public func skip(_ count: UInt64) throws -> UInt64 {
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
    public func fill(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < buffer.count {
            let read = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            guard read > 0 else { break }
            filled += read
        }
        return filled
    }
}
