import Archives
import Digests

/// An image that lies in an archive or a folder.
public struct ArchivedImage: Image {
    /// What was read, for errors: `'base.tar.gz'`.
    public let source: String
    /// The names it has there; may be none.
    public let names: [ImageName]
    public let config: ArchivedConfig
    /// The layers, the lowest one first.
    public let archivedLayers: [ArchivedLayer]

    public var imageID: Digest { config.digest }

    public var layers: [any Layer] { archivedLayers }

    public var name: String? { names.first?.name }

    public func names(imageID: Digest) -> [ImageName] { names }

    public func config(diffIDs: [Digest]) -> [UInt8] { config.bytes }
}
