import Images
import Store

/// An image made from a spec with one layer of its own, over the base's.
struct SingleLayerImage: MadeImage {
    let spec: ImageSpec
    let base: BaseImage?
    let layers: [any Layer]
    /// What the script was run in: it holds the files of the layer, and goes when the image does.
    let work: WorkFolder?
    var keepsBuildArgs = true

    var comments: [String] { ["the image's own layer"] }

    func reason(_ path: StorePath) -> String { "" }

    init(_ spec: ImageSpec, base: BaseImage?, surroundings: Surroundings, reporter: any Reporter) async throws {
        self.spec = spec
        self.base = base
        layers = base?.layers ?? []
        work = nil
    }
}
