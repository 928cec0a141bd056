import Digests
import Store

/// What is known of an image once it has been written.
public struct WrittenImage: Sendable {
    /// One of its layers.
    public struct Layer: Sendable {
        public let diffID: Digest
        /// Bytes of the plain tar.
        public let size: UInt64
        public let storePaths: [StorePath]
    }

    /// The names it was written under; may be none.
    public let names: [ImageName]
    /// The digest of the config.
    public let imageID: Digest
    /// The lowest first.
    public let layers: [Layer]
}
