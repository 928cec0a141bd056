import Archives
import Digests

/// An image: layers, and a config that names them. Every destination takes one; every source gives one.
public protocol Image: Sendable {
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
    var attachments: [(name: String, bytes: [UInt8])] { get }
}

extension Image {
    public var attachments: [(name: String, bytes: [UInt8])] { [] }
}
