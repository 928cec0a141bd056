import Archives
import Digests
import Images
import Layering
import Store

/// An image made from a spec and a store closure: store layers by a plan, and the customisation layer on top.
public struct LayeredImage: Image {
    /// The spec that the image is made from.
    public let spec: ImageSpec
    /// Which store paths lie in which layer, and why.
    public let plan: LayerPlan
    public let layers: [any Layer]
    /// What the customisation layer's script was run in: it holds the files of that layer, and goes when the image does.
    let work: WorkFolder?

    public func names(imageID: Digest) -> [ImageName] { [spec.imageName(imageID: imageID)] }

    /// The name of the archive's member that holds the arguments that the image was built with.
    public static let buildArgsName = "buildArgs.json"

    public var attachments: [(name: String, bytes: [UInt8])] {
        guard keepsBuildArgs else { return [] }
        return [(Self.buildArgsName, Array(spec.buildArgs.canonical.utf8))]
    }

    /// Whether the archive keeps the arguments that the image was built with.
    public var keepsBuildArgs = true

    public func config(diffIDs: [Digest]) -> JSONValue {
        let created = spec.created.description
        let history = layers.map { layer in
            let paths = layer.storePaths.map { "'\($0)'" }.joined(separator: ", ")
            return ImageConfig.History(
                created: created, comment: layer.storePaths.isEmpty ? "customisation layer" : "store paths: [\(paths)]")
        }
        return ImageConfig(
            created: created, architecture: spec.architecture, variant: spec.variant, runtime: spec.config,
            history: history
        ).json(diffIDs: diffIDs)
    }
}
