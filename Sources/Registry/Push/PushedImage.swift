public import Images
package import OCI
package import Store

/// The result of pushing an image.
package struct PushedImage: Sendable {
    /// The digest of the config.
    package let imageID: Digest
    /// The manifest, as it was pushed.
    package let manifest: Blob
    /// The platform in the config.
    package let platform: Platform
    /// The layers, the lowest first.
    package let layers: [PushedLayer]
    /// The image's own annotations, without those of the push.
    package let annotations: [String: String]
    /// Bytes of the blobs that were uploaded.
    package let uploadedBytes: UInt64
    /// Bytes of the blobs that the registry already had.
    package let existingBytes: UInt64

    /// The image's descriptor in an index (OCI Image Index Specification).
    var indexEntry: Descriptor {
        var entry = manifest.descriptor
        entry.platform = platform
        return entry
    }
}

/// Receives the progress of a push, from several threads. `Progress` receives the bytes of each layer.
public protocol PushProgress: Progress {
    /// Called when an image's layers begin to be uploaded.
    ///
    /// - Parameters:
    ///   - count: the number of layers of the image.
    ///   - size: the number of bytes that `advance` will report: those of the layers that the registry does not have.
    func pushing(_ count: Int, size: UInt64)

    /// Called when the size of a layer that is uploaded turns out to be another than expected.
    ///
    /// - Parameter difference: the bytes that `advance` will report in addition to those expected; may be negative.
    func resize(by difference: Int64)

    /// Called when a layer is in the registry.
    ///
    /// - Parameters:
    ///   - number: the number of layers that are in the registry, from 1.
    ///   - count: the number of layers of the image.
    func pushed(_ layer: PushedLayer, number: Int, of count: Int)
}

extension PushProgress {
    /// Ignores the beginning.
    public func pushing(_ count: Int, size: UInt64) {}
    /// Ignores the size.
    public func resize(by difference: Int64) {}
    /// Ignores the layer.
    public func pushed(_ layer: PushedLayer, number: Int, of count: Int) {}
}

/// A layer of a pushed image.
public struct PushedLayer: Sendable {
    /// How the layer got into the repository. The raw values are part of the JSON results.
    package enum Status: String, Sendable {
        /// It was uploaded.
        case uploaded
        /// The repository already had it.
        case exists
        /// The registry copied it from another repository.
        case mounted
    }

    /// The digest of the uncompressed tar.
    package let diffID: Digest
    /// The compressed blob.
    package let blob: Descriptor
    /// How the layer got into the repository.
    package let status: Status
    /// The store paths in the layer.
    package let storePaths: [StorePath]
    /// The key of a layer of store paths; nil for other layers.
    package let key: LayerKey?
    /// The image in a registry by which the layer was found; nil if it was found without one, or uploaded.
    package let image: RegistryReference?
}
