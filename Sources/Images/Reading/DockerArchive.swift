import Archives
import Digests

/// What a docker-archive says about the images in it; the layers themselves stay where they are.
public struct DockerArchive: Sendable {
    /// What was read, for errors: `'base.tar.gz'`.
    public let name: String
    /// The images in the order of the manifest; at least one.
    public let images: [Image]
    /// The arguments the image was built with, by the archive's member `buildArgs.json`; nil where there is none.
    public let buildArgs: JSONValue?

    /// One image of the archive.
    public struct Image: Sendable {
        /// The config's member in the archive, as the manifest gives it.
        public let configName: String
        /// The names the image has, `NAME:TAG` each; may be empty.
        public let repoTags: [String]
        /// The config's bytes: the image ID is the digest of these, and not of any other spelling.
        public let configBytes: [UInt8]
        public let config: JSONValue
        /// The SHA-256 of `configBytes`.
        public let imageID: Digest
        /// The layers, the lowest one first.
        public let layers: [Layer]
    }

    /// One layer of an image.
    public struct Layer: Hashable, Sendable {
        /// The layer's member in the archive, as the manifest gives it.
        public let name: String
        /// Bytes of the member; it may be compressed by itself.
        public let size: UInt64
        /// The digest of the plain layer, as the config says; nothing has compared it with the layer.
        public let diffID: Digest
    }
}
