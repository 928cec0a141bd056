import Tar

/// Counts what goes through it: an archive that is sent, and written nowhere.
public final class StreamSink: ArchiveSink {
    private let next: any ByteSink
    /// Bytes so far.
    public private(set) var size: UInt64 = 0

    public init(to next: any ByteSink) {
        self.next = next
    }

    public var bufferSize: Int { next.bufferSize }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        size += UInt64(bytes.count)
        try next.write(bytes)
    }

    public func take(_ buffer: BlockBuffer) throws -> BlockBuffer {
        size += UInt64(buffer.filled)
        return try next.take(buffer)
    }
}
