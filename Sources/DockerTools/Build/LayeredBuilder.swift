import Images
import Layering
import Store

/// Builds a layered image: the base's layers, store layers by a plan, and the customization layer on top.
enum LayeredBuilder {
    /// Runs the spec's scripts, finds the closure of what they left and plans the layers. Files of store layers are not read
    /// yet, unless a scan for references has to.
    ///
    /// - Throws: `ToolError`: `data` for a missing path, an invalid graph or too few layers, `script` for a script that
    ///   failed, `unavailable` for a missing program, `io` for a file that cannot be read.
    static func build(_ build: BuildContext) async throws -> BuiltImage {
        let (spec, context) = (build.spec, build.context)
        try Contents.check(spec)
        let budget = LayerBudget(maxLayers: spec.maxLayers, baseLayers: build.baseLayers.count)
        let hasStorePaths = spec.includeStorePaths && spec.contents.contains { $0.storePath != nil }
        _ = try budget.available(for: hasStorePaths ? 1 : 0)
        try await build.closures.check()
        let files = try await CustomizationLayer.files(build)
        // Where the base has a link to a directory, such as Debian's /bin, a directory of the layer would hide the
        // files behind the link. So a layer with files is placed over the base's root file system.
        var build = build
        if files.tree.entries.count > 1 || !spec.fakeRootCommands.isEmpty, !build.baseLayers.isEmpty {
            try build.readRootfs(needsBodies: !spec.fakeRootCommands.isEmpty && spec.enableFakechroot)
        }
        let top = try await CustomizationLayer.build(files, in: build)
        let plan = try plan(top.closure, spec, budget)
        let storeLayers: [any Layer] = plan.layers.map {
            FileLayer(store: spec.storeLocation, paths: $0, owner: spec.owner, cache: context.digestCache)
        }
        let own = storeLayers + [top.layer]
        return BuiltImage(
            spec: spec, base: build.base, layers: build.baseLayers + own, comments: own.map(comment), plan: plan,
            work: top.work)
    }

    private static func plan(_ closure: Closure?, _ spec: ImageSpec, _ budget: LayerBudget) throws -> LayerPlan {
        guard let closure else { return .empty }
        let available = try budget.available(for: closure.nodes.count)
        switch spec.layering {
        case .popularity: return try Popularity().plan(closure, available: available)
        case .size:
            let sized = try closure.fillingSizes(from: spec.storeLocation)
            return try SizeLayering().plan(sized, available: available)
        }
    }

    /// The comment of a layer in the history, in nixpkgs' spelling: the image's digest depends on the text.
    private static func comment(_ layer: any Layer) -> String {
        guard !layer.storePaths.isEmpty else { return "customisation layer" }
        return "store paths: [\(layer.storePaths.map { "'\($0)'" }.joined(separator: ", "))]"
    }
}
