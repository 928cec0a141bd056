/// Receives the bytes of an archive: a file, a pipe or a compressor in front of them.
package protocol ArchiveSink: ByteSink {
    /// Whether placeholders can be filled after later bytes have been written (backpatching).
    ///
    /// The digest of a blob comes before its bytes in an OCI layout. With backpatching it is filled in; without it, the
    /// blob is kept in a temporary file first.
    var supportsBackpatching: Bool { get }

    /// Writes a placeholder of `count` bytes, which `fill` replaces later.
    ///
    /// Call it only if `supportsBackpatching` is true.
    func reserve(_ count: Int) throws -> Placeholder

    /// Replaces a placeholder of this sink with bytes, as many as were reserved.
    func fill(_ placeholder: Placeholder, _ bytes: [UInt8]) throws

    /// Writes all buffered bytes.
    func finish() throws
}

/// The defaults, for a sink without backpatching.
extension ArchiveSink {
    package var supportsBackpatching: Bool { false }

    package func reserve(_ count: Int) throws -> Placeholder {
        try write([UInt8](repeating: 0, count: count))
        return Placeholder(offset: nil)
    }

    package func fill(_ placeholder: Placeholder, _ bytes: [UInt8]) throws {}

    package func finish() throws {}
}

/// The position of bytes in an archive that are written after the bytes that follow them. It is used only with the sink
/// that created it.
package struct Placeholder {
    /// The offset in the file in bytes; nil if the sink does not support backpatching.
    let offset: Int64?
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
