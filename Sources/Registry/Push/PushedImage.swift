import Images
import JSON
import OCI
import Store

/// The result of pushing an image.
package struct PushedImage: Sendable {
    /// The digest of the config.
    package let imageID: Digest
    /// The manifest, as it was pushed.
    package let manifest: RegistryManifest
    /// The platform in the config.
    package let platform: Platform
    /// The layers, the lowest first.
    package let layers: [PushedLayer]
    /// Bytes of the blobs that were uploaded.
    package let uploadedBytes: UInt64
    /// Bytes of the blobs that the registry already had.
    package let existingBytes: UInt64

    /// The image's descriptor in an index (OCI Image Index Specification).
    var indexEntry: JSONValue {
        var entry =
            OCIBlob(digest: manifest.descriptor.digest, size: manifest.descriptor.size)
            .descriptor(manifest.descriptor.mediaType).object ?? [:]
        var members: [String: JSONValue] = [
            "os": .string(platform.os), "architecture": .string(platform.architecture),
        ]
        members["variant"] = platform.variant.map { .string($0) }
        entry["platform"] = .object(members)
        return .object(entry)
    }
}

/// Receives the progress of a push, from several threads. `Progress` receives the bytes of each layer.
package protocol PushProgress: Progress {
    /// Called when a layer is in the registry.
    ///
    /// - Parameters:
    ///   - number: the number of layers that are in the registry, from 1.
    ///   - count: the number of layers of the image.
    func pushed(_ layer: PushedLayer, number: Int, of count: Int)
}

extension PushProgress {
    /// Ignores the layer.
    package func pushed(_ layer: PushedLayer, number: Int, of count: Int) {}
}

/// A layer of a pushed image.
package struct PushedLayer: Sendable {
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
    /// The digest and size of the compressed blob.
    package let blob: OCIBlob
    /// The media type of the blob.
    package let mediaType: String
    /// How the layer got into the repository.
    package let status: Status
    /// The store paths in the layer.
    package let storePaths: [StorePath]
}
