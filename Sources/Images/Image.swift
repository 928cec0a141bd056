import OCI
import Store

/// An image: layers, and a config that names them. Every destination takes one; every source gives one.
package protocol Image: Sendable {
    /// The repository's name in its first name; nil where it has none.
    var name: String? { get }

    /// The names of the image, `NAME:TAG` each; none where an archive gives none.
    ///
    /// - Parameter imageID: the digest of the config, which a tag may be made from.
    func names(imageID: Digest) -> [ImageName]

    /// The layers, the lowest first.
    var layers: [any Layer] { get }

    /// The bytes of the config (Docker Image Specification v1.2). Their digest is the image's ID.
    ///
    /// - Parameter diffIDs: the digests of the plain layers, in the order of `layers`.
    func config(diffIDs: [Digest]) throws -> [UInt8]

    /// Files that stand in the archive beside the image, name and contents. An archive of several images has none: nobody
    /// could tell whose they are.
    var extraMembers: [(name: String, bytes: [UInt8])] { get }
}

extension Image {
    package var extraMembers: [(name: String, bytes: [UInt8])] { [] }
}

/// What is known of an image once it has been written.
package struct ImageSummary: Sendable {
    /// One of its layers.
    package struct Layer: Sendable {
        package let diffID: Digest
        /// Bytes of the plain tar.
        package let size: UInt64
        package let storePaths: [StorePath]
    }

    /// The names it was written under; may be none.
    package let names: [ImageName]
    /// The digest of the config.
    package let imageID: Digest
    /// The lowest first.
    package let layers: [Layer]
}

extension ImageSummary {
    /// What is known of an image whose layers are opened, without it being written: files that were never hashed are.
    ///
    /// - Throws: what the layers throw.
    package init(_ image: any Image, opened: [any Images.Layer]) throws {
        layers = try opened.map { layer in
            let open = try layer.open()
            return Layer(diffID: try open.diffID(), size: open.size, storePaths: layer.storePaths)
        }
        imageID = try SHA256.digest(of: image.config(diffIDs: layers.map(\.diffID)))
        names = image.names(imageID: imageID)
    }

    /// The image's ID, without it being written: files that were never hashed are.
    package static func id(of image: any Image) throws -> Digest {
        let diffIDs = try image.layers.map { try $0.archived?.diffID ?? $0.open().diffID() }
        return try SHA256.digest(of: image.config(diffIDs: diffIDs))
    }
}
