import Digests
import Tar

/// Hashes and counts what is read through it.
public final class HashedSource: ByteSource {
    private let source: any ByteSource
    private let hash: SHA256
    /// Bytes that were read.
    public private(set) var count: UInt64 = 0

    public init(_ source: any ByteSource, _ hash: SHA256) {
        self.source = source
        self.hash = hash
    }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let read = try source.read(into: buffer)
        hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
        count += UInt64(read)
        return read
    }

    /// The digest of all that was read.
    public func finish() -> Digest { hash.finish() }
}
