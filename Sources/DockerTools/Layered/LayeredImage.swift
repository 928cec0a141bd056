import Images
import Layering
import Store

/// An image made from a spec and a store closure: the base's layers, store layers by a plan, and the customisation layer
/// on top.
struct LayeredImage: MadeImage {
    let spec: ImageSpec
    let base: BaseImage?
    /// Which store paths lie in which layer, and why.
    let plan: LayerPlan
    let layers: [any Layer]
    /// What the customisation layer's script was run in: it holds the files of that layer, and goes when the image does.
    let work: WorkFolder?
    var keepsBuildArgs = true

    func reason(_ path: StorePath) -> String { plan.reasons[path].map { "\($0)" } ?? "" }

    var comments: [String] {
        layers.dropFirst(base?.layers.count ?? 0).map { layer in
            let paths = layer.storePaths.map { "'\($0)'" }.joined(separator: ", ")
            return layer.storePaths.isEmpty ? "customisation layer" : "store paths: [\(paths)]"
        }
    }
}
