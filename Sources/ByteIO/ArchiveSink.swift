/// Receives the bytes of an archive: a file, a pipe or a compressor in front of them.
package protocol ArchiveSink: ByteSink {
    /// Whether placeholders can be filled after later bytes have been written (backpatching).
    ///
    /// The digest of a layer comes before its bytes in an archive. With backpatching a layer is read once, for the
    /// digest and the archive together; without it, twice.
    var supportsBackpatching: Bool { get }

    /// Writes a placeholder of `count` bytes, which `fill` replaces later.
    ///
    /// Call it only if `supportsBackpatching` is true.
    func reserve(_ count: Int) throws -> Placeholder

    /// Replaces a placeholder of this sink with its bytes; their number is the placeholder's `count`.
    func fill(_ reservation: Placeholder, _ bytes: [UInt8]) throws

    /// Writes bytes in the way that `reserve` and `fill` do, so that the archive does not depend on backpatching.
    func writeReserved(_ bytes: [UInt8]) throws

    /// Writes all buffered bytes.
    func finish() throws
}

/// The defaults, for a sink without backpatching.
extension ArchiveSink {
    package var supportsBackpatching: Bool { false }

    package func reserve(_ count: Int) throws -> Placeholder {
        try write([UInt8](repeating: 0, count: count))
        return Placeholder(count: count)
    }

    package func fill(_ reservation: Placeholder, _ bytes: [UInt8]) throws {}

    package func writeReserved(_ bytes: [UInt8]) throws { try write(bytes) }

    package func finish() throws {}
}

/// The position of bytes in an archive that are written after the bytes that follow them. It is used only with the sink
/// that created it.
package final class Placeholder {
    /// The number of bytes.
    package let count: Int
    /// The offset in the file, once the placeholder is written.
    var offset: Int64?
    /// The bytes, if they were filled in before the placeholder was written.
    package var bytes: [UInt8]?
    /// The placeholder in the next sink, once the placeholder is written there.
    package var behind: Placeholder?

    /// Creates a placeholder that has no position yet.
    package init(count: Int) {
        self.count = count
    }
}

/// Counts the bytes of an archive that is sent without being written to a file.
package final class StreamSink: ArchiveSink {
    private let next: any ByteSink
    /// The number of bytes so far.
    package private(set) var size: UInt64 = 0

    /// Creates a sink that passes all bytes on to `next`.
    package init(to next: any ByteSink) {
        self.next = next
    }

    package var bufferSize: Int { next.bufferSize }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        size += UInt64(bytes.count)
        try next.write(bytes)
    }

    package func take(_ buffer: BlockBuffer) throws -> BlockBuffer {
        size += UInt64(buffer.filled)
        return try next.take(buffer)
    }
}
