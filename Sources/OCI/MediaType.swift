package import Compression

/// The media types of images, in OCI's spelling and in Docker's.
///
/// Source: OCI Image Format Specification, "Media Types"; Docker's Image Manifest Version 2, Schema 2.
package enum MediaType {
    /// An image index.
    package static let index = "application/vnd.oci.image.index.v1+json"
    /// An image manifest.
    package static let manifest = "application/vnd.oci.image.manifest.v1+json"
    /// An image config.
    package static let config = "application/vnd.oci.image.config.v1+json"
    /// The config of an artifact that has none.
    package static let empty = "application/vnd.oci.empty.v1+json"

    /// Whether a config is of an image: OCI's, Docker's, or without a type, as old versions of Docker pushed it.
    package static func isConfig(_ mediaType: String) -> Bool {
        [config, "application/vnd.docker.container.image.v1+json", "application/octet-stream"].contains(mediaType)
    }

    /// Whether a blob is a layer of an image, compressed or encrypted in any way.
    package static func isLayer(_ mediaType: String) -> Bool {
        ["application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs."].contains {
            mediaType.hasPrefix($0)
        }
    }

    /// The media type of a layer that is compressed by `compressor`.
    package static func layer(_ compressor: Compressor) -> String {
        let tar = "application/vnd.oci.image.layer.v1.tar"
        return switch compressor {
        case .none: tar
        case .gz: tar + "+gzip"
        case .zstd: tar + "+zstd"
        }
    }

    /// The compressor of a layer by its media type, in OCI's spelling or in Docker's; nil for all other media types.
    package static func compressor(_ mediaType: String) -> Compressor? {
        switch mediaType {
        case "application/vnd.docker.image.rootfs.diff.tar.gzip": .gz
        default: Compressor.allCases.first { layer($0) == mediaType }
        }
    }

    /// The media types of indexes: OCI's, and Docker's manifest list.
    package static let indexes: Set = [index, "application/vnd.docker.distribution.manifest.list.v2+json"]

    /// The media types of manifests: OCI's, and Docker's schema 2.
    package static let manifests: Set = [manifest, "application/vnd.docker.distribution.manifest.v2+json"]

    /// The media types of indexes and manifests, for the `Accept` header of a request to a registry.
    package static let known = indexes.union(manifests)

    /// Whether a manifest is of Docker's schema 1, whose layers have no reliable digests.
    package static func isSchema1(_ mediaType: String) -> Bool {
        mediaType.hasPrefix("application/vnd.docker.distribution.manifest.v1+")
    }
}
