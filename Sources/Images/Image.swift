package import OCI

/// An image: layers, and a config that names them. Every source gives one; every destination takes one.
package protocol Image: Sendable {
    /// The repository in the image's first name; nil if there is none.
    var name: String? { get }

    /// The names of the image, `NAME:TAG` each; may be empty for an image of an archive.
    ///
    /// - Parameter imageID: the digest of the config, which a tag may be made from.
    func names(imageID: Digest) -> [ImageName]

    /// The layers, the lowest first.
    var layers: [any Layer] { get }

    /// The config. For an image that is being built it lacks the digests of the layers: `ImageConfig.with(diffIDs:)`
    /// adds them once the layers have been hashed.
    var config: ImageConfig { get }

    /// The annotations of the image's manifest, by keys such as `org.opencontainers.image.source`.
    var annotations: [String: String] { get }

    /// Further files of the archive, name and contents. They are written only to an archive of a single image, since
    /// they do not state which image they belong to.
    var extraMembers: [(name: String, bytes: [UInt8])] { get }
}

extension Image {
    package var annotations: [String: String] { [:] }
    package var extraMembers: [(name: String, bytes: [UInt8])] { [] }
}
