import Archives
import Digests
import Images

/// An image that is in a registry now.
public struct PushedImage: Sendable {
    /// The digest of the config.
    public let imageID: Digest
    public let manifest: RegistryManifest
    public let platform: Platform
    public let layers: [PushedLayer]
    /// Bytes of blobs that were sent.
    public let sent: UInt64
    /// Bytes of blobs that the registry had.
    public let spared: UInt64

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
