import Archives
import Digests

/// An image: layers, and a config that names them. Every destination takes one; every source gives one.
public protocol Image: Sendable {
    /// The repository's name, a registry's before it where there is one.
    var name: String { get }

    /// The tag; nil for one made from the image's ID.
    var tag: String? { get }

    /// The layers, the lowest first.
    var layers: [any Layer] { get }

    /// The config. The digest of its canonical spelling is the image's ID.
    ///
    /// - Parameter diffIDs: the digests of the plain layers, in the order of `layers`.
    func config(diffIDs: [Digest]) throws -> JSONValue

    /// Files that stand in the archive beside the image, name and contents.
    var attachments: [(name: String, bytes: [UInt8])] { get }
}

extension Image {
    /// The tag, or for none the first 160 bits of the image's ID in Nix's base 32: it changes only when the image does.
    public func tag(imageID: Digest) -> String {
        tag ?? NixBase32.encode(Array(imageID.bytes.prefix(20)))
    }
}
