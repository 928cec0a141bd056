import Digests
import Tar

/// Hashes and counts what goes through it: a blob, which is named by its digest. That is of all bytes, so that none may
/// come late.
public final class BlobSink: ArchiveSink {
    private let hash: HashSink
    /// Bytes so far.
    public private(set) var size: UInt64 = 0

    public init(to next: any ByteSink) throws {
        hash = try HashSink(to: next)
    }

    public var bufferSize: Int { hash.bufferSize }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        size += UInt64(bytes.count)
        try hash.write(bytes)
    }

    public func take(_ buffer: BlockBuffer) throws -> BlockBuffer {
        size += UInt64(buffer.filled)
        return try hash.take(buffer)
    }

    /// The digest of all that was written; what is behind has all of it then.
    public func digest() throws -> Digest { try hash.finish() }
}
