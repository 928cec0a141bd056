import Digests

/// Is told how the layers of an image come. It is called by several threads.
public protocol FetchProgress: Sendable {
    /// So many bytes more of a layer came from the registry.
    func fetched(_ bytes: Int, of layer: Digest)

    /// A layer is here: it came, or was in the cache.
    ///
    /// - Parameter size: bytes, as the registry has it.
    func finished(_ layer: Digest, size: UInt64)
}

extension FetchProgress {
    public func fetched(_ bytes: Int, of layer: Digest) {}
    public func finished(_ layer: Digest, size: UInt64) {}
}
