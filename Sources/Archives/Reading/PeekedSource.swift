import Tar

/// A source whose first bytes were looked at, and are given all the same.
final class PeekedSource: ByteSource {
    /// The first bytes: as many as were asked for, fewer only where the source has no more.
    let start: [UInt8]
    private let source: any ByteSource
    /// How many bytes of `start` were given.
    private var given = 0

    /// - Parameter count: how many bytes to look at.
    init(_ source: any ByteSource, count: Int) throws {
        self.source = source
        start = try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = try source.fill(UnsafeMutableRawBufferPointer(buffer))
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard given < start.count else { return try source.read(into: buffer) }
        let part = start[given...].prefix(buffer.count)
        buffer.copyBytes(from: part)
        given += part.count
        return part.count
    }

    func skip(_ count: UInt64) throws -> UInt64 {
        let held = Int(min(count, UInt64(start.count - given)))
        given += held
        return try UInt64(held) + source.skip(count - UInt64(held))
    }
}
