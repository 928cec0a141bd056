import Digests
import Tar

/// Hashes what it is given, and hands it on where there is another sink behind it.
public final class HashSink: ByteSink {
    private let hash: SHA256
    private let next: (any ByteSink)?

    public init(to next: (any ByteSink)? = nil) throws {
        self.hash = try SHA256()
        self.next = next
    }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        hash.update(bytes)
        try next?.write(bytes)
    }

    /// The digest of all that was written; the sink starts anew.
    public func finish() -> Digest { hash.finish() }
}
