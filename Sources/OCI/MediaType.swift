import Compression

/// The media types of manifests, in OCI's spelling and in Docker's.
///
/// Source: OCI Image Format Specification, "Media Types"; Docker's Image Manifest Version 2, Schema 2.
package enum MediaType {
    package static let index = "application/vnd.oci.image.index.v1+json"
    package static let manifest = "application/vnd.oci.image.manifest.v1+json"
    package static let config = "application/vnd.oci.image.config.v1+json"

    package static func layer(_ compressor: Compressor) -> String {
        let tar = "application/vnd.oci.image.layer.v1.tar"
        return switch compressor {
        case .none: tar
        case .gz: tar + "+gzip"
        case .zstd: tar + "+zstd"
        }
    }

    /// How a layer of a media type is compressed, in OCI's spelling or in Docker's; nil if it is no such layer.
    package static func compressor(_ mediaType: String) -> Compressor? {
        switch mediaType {
        case "application/vnd.docker.image.rootfs.diff.tar.gzip": .gz
        default: Compressor.allCases.first { layer($0) == mediaType }
        }
    }

    package static let indexes: Set = [index, "application/vnd.docker.distribution.manifest.list.v2+json"]
    package static let manifests: Set = [manifest, "application/vnd.docker.distribution.manifest.v2+json"]

    /// Those of indexes and manifests, as a registry is asked for them.
    package static let known = indexes.union(manifests)

    /// Whether a manifest is of Docker's first kind, which has no digests of layers that could be relied on.
    package static func isSchema1(_ mediaType: String) -> Bool {
        mediaType.hasPrefix("application/vnd.docker.distribution.manifest.v1+")
    }
}
