import Images
import OCI
import Store

/// An image that is in a registry now.
package struct PushedImage: Sendable {
    /// The digest of the config.
    package let imageID: Digest
    package let manifest: Blob
    package let platform: Platform
    package let layers: [PushedLayer]
    /// Bytes of blobs that were sent.
    package let sent: UInt64
    /// Bytes of blobs that the registry had.
    package let spared: UInt64

    /// Its entry in an index (OCI Image Index Specification).
    var indexEntry: Descriptor {
        var entry = manifest.descriptor
        entry.platform = platform
        return entry
    }
}

/// Is told how a push goes on. It is called by several threads; a layer's bytes are told as `Progress` has it.
public protocol PushProgress: Progress {
    /// A layer is in the registry.
    ///
    /// - Parameters:
    ///   - number: how many are, from 1 on.
    ///   - count: how many layers the image has.
    func pushed(_ layer: PushedLayer, number: Int, of count: Int)
}

extension PushProgress {
    public func pushed(_ layer: PushedLayer, number: Int, of count: Int) {}
}

/// A layer of an image that was pushed.
public struct PushedLayer: Sendable {
    /// How the registry came by it.
    package enum Way: String, Sendable {
        /// It was sent.
        case sent
        /// The repository had it.
        case there
        /// The registry took it from another of its repositories.
        case mounted
    }

    package let diffID: Digest
    package let blob: Descriptor
    package let way: Way
    package let storePaths: [StorePath]
}
