public import Compression

/// The media types that an image is pushed with.
public enum MediaTypes: String, CaseIterable, Sendable {
    /// OCI's, which support every compression.
    case oci
    /// Docker's Image Manifest Version 2, Schema 2, for registries that reject OCI's. Its layers are compressed by gzip.
    case docker

    /// The media type of an index.
    package var index: String {
        self == .oci ? MediaType.index : "application/vnd.docker.distribution.manifest.list.v2+json"
    }

    /// The media type of a manifest.
    package var manifest: String {
        self == .oci ? MediaType.manifest : "application/vnd.docker.distribution.manifest.v2+json"
    }

    /// The media type of a config.
    package var config: String {
        self == .oci ? MediaType.config : "application/vnd.docker.container.image.v1+json"
    }

    /// The media type of a layer; nil if there is none for the compressor.
    package func layer(_ compressor: Compressor) -> String? {
        switch (self, compressor) {
        case (.oci, _): MediaType.layer(compressor)
        case (.docker, .gz): "application/vnd.docker.image.rootfs.diff.tar.gzip"
        case (.docker, .none), (.docker, .zstd): nil
        }
    }
}

/// The media types of images, in OCI's spelling and in Docker's.
///
/// Source: OCI Image Format Specification, "Media Types"; Docker's Image Manifest Version 2, Schema 2.
public enum MediaType {
    /// An image index.
    public static let index = "application/vnd.oci.image.index.v1+json"
    /// An image manifest.
    public static let manifest = "application/vnd.oci.image.manifest.v1+json"
    /// An image config.
    public static let config = "application/vnd.oci.image.config.v1+json"
    /// The config of an artifact that has none.
    public static let empty = "application/vnd.oci.empty.v1+json"

    /// Whether a config is of an image: OCI's, Docker's, or without a type, as old versions of Docker pushed it.
    public static func isConfig(_ mediaType: String) -> Bool {
        [config, "application/vnd.docker.container.image.v1+json", "application/octet-stream"].contains(mediaType)
    }

    /// Whether a blob is a layer of an image, compressed or encrypted in any way.
    public static func isLayer(_ mediaType: String) -> Bool {
        ["application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs."].contains {
            mediaType.hasPrefix($0)
        }
    }

    /// The media type of a layer that is compressed by `compressor`.
    public static func layer(_ compressor: Compressor) -> String {
        let tar = "application/vnd.oci.image.layer.v1.tar"
        return switch compressor {
        case .none: tar
        case .gz: tar + "+gzip"
        case .zstd: tar + "+zstd"
        }
    }

    /// The compressor of a layer by its media type, in OCI's spelling or in Docker's; nil for all other media types.
    public static func compressor(_ mediaType: String) -> Compressor? {
        switch mediaType {
        case MediaTypes.docker.layer(.gz): .gz
        default: Compressor.allCases.first { layer($0) == mediaType }
        }
    }

    /// The media types of indexes: OCI's, and Docker's manifest list.
    public static let indexes: Set = [index, MediaTypes.docker.index]

    /// The media types of manifests: OCI's, and Docker's schema 2.
    public static let manifests: Set = [manifest, MediaTypes.docker.manifest]

    /// The media types of indexes and manifests, for the `Accept` header of a request to a registry.
    public static let known = indexes.union(manifests)

    /// Whether a manifest is of Docker's schema 1, whose layers have no reliable digests.
    public static func isSchema1(_ mediaType: String) -> Bool {
        mediaType.hasPrefix("application/vnd.docker.distribution.manifest.v1+")
    }
}
