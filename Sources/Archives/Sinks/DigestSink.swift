import Digests
import Tar

/// Hashes what it is given, on the thread that gives it.
public final class DigestSink: ByteSink {
    private let hash: SHA256

    public init(_ hash: SHA256) {
        self.hash = hash
    }

    public func write(_ bytes: UnsafeRawBufferPointer) { hash.update(bytes) }

    /// The digest of all that was written.
    public func finish() -> Digest { hash.finish() }
}
