import Archives
import Failures
import Tar

/// The file system that an image comes to, and the layers that it is made of.
public struct FlattenedImage: Sendable {
    public let tree: FlatTree
    /// The layers, opened; the lowest first.
    public let layers: [any Layer]

    /// - Parameters:
    ///   - spool: where layers go that lie in no file.
    ///   - needsBodies: false if the files' contents are not asked for.
    /// - Throws: `Failure` with code `data` for layers that no image should have; what the layers throw.
    public init(_ layers: [any Layer], spool: SpoolFolder, needsBodies: Bool) throws {
        for layer in layers { layer.expect() }
        let opened = try OrderedWorkers.map(layers) { try OpenedLayer($0) }
        var tree = FlatTree()
        for layer in opened {
            let tar = try layer.open().plainTar(spool: spool, needsBodies: needsBodies)
            try tree.apply(tar, name: layer.archived?.words ?? "the layer \(layer.title)")
        }
        self.tree = tree
        self.layers = opened
    }

    /// Bytes of the plain layers.
    public var size: UInt64 { tree.layers.reduce(0) { $0 + $1.size } }

    /// Begins to compare the layers with their digests, beside other work.
    public func beginVerifying() -> LayerVerification { LayerVerification(layers) }
}
