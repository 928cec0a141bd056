import Digests
import Tar

/// Hashes what is read through it.
public final class HashedSource: ByteSource {
    private let source: any ByteSource
    private let hash: SHA256

    public init(_ source: any ByteSource, _ hash: SHA256) {
        self.source = source
        self.hash = hash
    }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try source.read(into: buffer)
        hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return count
    }

    /// The digest of all that was read.
    public func finish() -> Digest { hash.finish() }
}
