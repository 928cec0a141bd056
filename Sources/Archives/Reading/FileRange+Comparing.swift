import Glibc

extension FileRange {
    private static let compareSize = 128 * 1024

    /// Whether another stretch holds the same bytes.
    ///
    /// - Throws: `Failure` with code `io` if one cannot be read.
    public func holdsTheSame(as other: FileRange) throws -> Bool {
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
