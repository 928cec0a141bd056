package import OCI
package import Store

/// The names, the ID and the layers of an image that has been written or hashed.
package struct ImageSummary: Sendable {
    /// The digest, the size and the store paths of a layer.
    package struct Layer: Sendable {
        /// The digest of the uncompressed tar.
        package let diffID: Digest
        /// The size of the uncompressed tar in bytes.
        package let size: UInt64
        /// The store paths in the layer, in the order of the tar.
        package let storePaths: [StorePath]
    }

    /// The names that the image was written under; may be empty.
    package let names: [ImageName]
    /// The digest of the config.
    package let imageID: Digest
    /// The layers, the lowest first.
    package let layers: [Layer]
}

extension ImageSummary {
    /// Summarizes an image without writing it. Layers whose digest is unknown are hashed.
    ///
    /// - Parameter opened: the image's layers, or the same layers opened before.
    /// - Throws: the errors of the layers.
    package init(_ image: any Image, opened: [any Images.Layer]) throws {
        layers = try opened.map { layer in
            let open = try layer.open()
            return Layer(diffID: try open.diffID(), size: open.size, storePaths: layer.storePaths)
        }
        imageID = try image.config.with(diffIDs: layers.map(\.diffID)).blob().descriptor.digest
        names = image.names(imageID: imageID)
    }

    /// The ID of an image that is not written. Layers whose digest is unknown are hashed.
    ///
    /// - Throws: the errors of the layers.
    package static func id(of image: any Image) throws -> Digest {
        let diffIDs = try image.layers.map { try $0.diffID ?? $0.open().diffID() }
        return try image.config.with(diffIDs: diffIDs).blob().descriptor.digest
    }
}
