import Images
import Layering
import Store
import Tar

/// An image made from a spec and a store closure: the base's layers, store layers by a plan, and the customization layer
/// on top.
struct LayeredImage: BuiltImage {
    let spec: ImageSpec
    let base: BaseImage?
    /// Which store paths lie in which layer, and why.
    let plan: LayerPlan
    let layers: [any Layer]
    /// What the customization layer's script was run in: it holds the files of that layer, and goes when the image does.
    let work: WorkDirectory?
    var keepsBuildArgs = true

    func reason(_ path: StorePath) -> String { plan.reasons[path].map { "\($0)" } ?? "" }

    var comments: [String] {
        layers.dropFirst(base?.layers.count ?? 0).map { layer in
            let paths = layer.storePaths.map { "'\($0)'" }.joined(separator: ", ")
            return layer.storePaths.isEmpty ? "customization layer" : "store paths: [\(paths)]"
        }
    }
}

extension LayeredImage {
    /// Makes the image of a spec: finds the closure, plans the layers, and runs the spec's commands. No layer's files
    /// are read yet, except where a scan for references has to.
    ///
    /// - Throws: `ToolError`: `data` for paths that are not there, for a bad graph and for too few layers, `script` for a
    ///   script that failed, `io` for what cannot be read.
    init(_ spec: ImageSpec, base: BaseImage?, context: Context, reporter: any Reporter) async throws {
        try Contents.check(spec)
        let plan = try await Self.plan(spec, baseLayers: base?.layers.count ?? 0, reporter: reporter)
        let cache = context.digestCache
        var below = base?.layers ?? []
        let needsBodies = !spec.fakeRootCommands.isEmpty && spec.enableFakechroot
        let last = try await CustomizationLayer.make(
            spec, base: base,
            flattened: {
                guard !below.isEmpty else { return nil }
                let flattened = try ImageRootfs.merge(below, spool: context.spool, needsBodies: needsBodies)
                below = flattened.layers
                return flattened
            }, storePaths: plan.layers.flatMap { $0 }, context: context, reporter: reporter)
        var layers = below
        layers += plan.layers.map {
            FileLayer(store: spec.storeLocation, paths: $0, owner: spec.owner, cache: cache)
        }
        layers.append(last.layer)
        self.init(spec: spec, base: base, plan: plan, layers: layers, work: last.work)
    }

    private static func plan(_ spec: ImageSpec, baseLayers: Int, reporter: any Reporter) async throws -> LayerPlan {
        let budget = LayerBudget(maxLayers: spec.maxLayers, baseLayers: baseLayers)
        guard spec.includeStorePaths else {
            _ = try budget.available(for: 0)
            return .empty
        }
        let closure = try await ClosureSearch(spec).closure(reporter: reporter)
        let available = try budget.available(for: closure.nodes.count)
        switch spec.layering {
        case .popularity: return try Popularity().plan(closure, available: available)
        case .size:
            let sized = try closure.fillingSizes(from: spec.storeLocation)
            return try SizeLayering().plan(sized, available: available)
        }
    }
}

extension ImageSpec {
    /// Owner and time of the files that the image adds.
    var owner: TarOwner {
        TarOwner(uid: uid, gid: gid, userName: uname, groupName: gname, modified: mtime)
    }
}
