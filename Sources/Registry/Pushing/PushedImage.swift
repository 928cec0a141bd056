import Images
import JSON
import OCI
import Store

/// An image that is in a registry now.
package struct PushedImage: Sendable {
    /// The digest of the config.
    package let imageID: Digest
    package let manifest: RegistryManifest
    package let platform: Platform
    package let layers: [PushedLayer]
    /// Bytes of blobs that were sent.
    package let sent: UInt64
    /// Bytes of blobs that the registry had.
    package let spared: UInt64

    /// Its entry in an index (OCI Image Index Specification).
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
    package let blob: OCIBlob
    package let mediaType: String
    package let way: Way
    package let storePaths: [StorePath]
}
