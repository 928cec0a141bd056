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

extension WrittenImage {
    /// What is known of an image whose layers are opened, without it being written: files that were never hashed are.
    ///
    /// - Throws: what the layers throw.
    public init(_ image: any Image, opened: [any Images.Layer]) throws {
        layers = try opened.map { layer in
            let open = try layer.open()
            return Layer(diffID: try open.diffID(), size: open.size, storePaths: layer.storePaths)
        }
        imageID = try SHA256.digest(of: image.config(diffIDs: layers.map(\.diffID)))
        names = image.names(imageID: imageID)
    }

    /// The image's ID, without it being written: files that were never hashed are.
    public static func id(of image: any Image) throws -> Digest {
        let diffIDs = try image.layers.map { try $0.archived?.diffID ?? $0.open().diffID() }
        return try SHA256.digest(of: image.config(diffIDs: diffIDs))
    }
}
