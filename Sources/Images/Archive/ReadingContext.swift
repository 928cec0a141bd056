package import ByteIO
package import Compression
package import OCI
import Synchronization

/// The settings of reading images.
package struct ReadingContext: Sendable {
    /// Where input that can be read only once is stored.
    package var spool: SpoolDirectory
    /// The cache of verified digests; nil for none.
    package var cache: DigestCache?
    /// Whether layers can be read; false if they are only described.
    package var keepsLayers: Bool
    /// The platform that is chosen from an image for several platforms.
    package var platform: Platform
    /// Whether an image for another platform is refused, though it is the only one.
    package var requiresPlatform = false
    /// The limits on decompressed layers.
    package var limits = DecompressionLimits.layer
    /// Collects contradictions in an image; nil if a contradiction is an error.
    package var issues: ValidationIssues?

    package init(spool: SpoolDirectory, cache: DigestCache?, keepsLayers: Bool, platform: Platform) {
        self.spool = spool
        self.cache = cache
        self.keepsLayers = keepsLayers
        self.platform = platform
    }
}

/// The limits of an image's own documents and members. Larger ones are refused.
package enum ImageLimits {
    /// The largest manifest, config or other JSON member: 4 MiB.
    package static let json = WrittenDocument.limit
    /// The largest number of members of an archive: 65,536. An image has at most 127 layers with four members each.
    package static let members = 65536
}
