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

    var comments: [String] {
        let paths = (layers.last?.storePaths ?? []).map { "'\($0)'" }.joined(separator: ", ")
        return [paths.isEmpty ? "the image's own layer" : "store paths: [\(paths)]"]
    }

    func reason(_ path: StorePath) -> String { "" }

    /// Makes the layer, which takes a look at what is in the base's.
    init(_ spec: ImageSpec, base: BaseImage?, surroundings: Surroundings, reporter: any Reporter) async throws {
        try Contents.check(spec)
        let flattened = try base.map {
            try FlattenedImage($0.layers, spool: surroundings.spool, needsBodies: !spec.runAsRoot.isEmpty)
        }
        let own = try await SingleLayer(
            spec: spec, baseImage: base, flattened: flattened, surroundings: surroundings, reporter: reporter
        ).make()
        self.spec = spec
        self.base = base
        layers = (flattened?.layers ?? []) + [own.layer]
        work = own.work
    }
}
