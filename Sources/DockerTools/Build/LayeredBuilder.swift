import Images
import Layering
import Store
import Synchronization

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
        let warnings = RepeatedWarnings(context.reporter)
        let storeLayers: [any Layer] = plan.layers.map {
            FileLayer(
                store: spec.storeLocation, paths: $0, owner: spec.storeOwner, cache: context.digestCache,
                whiteoutNames: .reported(warnings.warn)
            ) { top.closure?.node(of: $0)?.narHash }
        }
        let own = storeLayers + [top.layer]
        return try BuiltImage(
            spec: spec, base: build.base, layers: build.baseLayers + own,
            comments: HistoryComments.of(own, other: "customisation layer"), plan: plan, work: top.work
        ).checked()
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
}

/// Reports each warning once: a layer may be opened several times.
private final class RepeatedWarnings: Sendable {
    private let reporter: any Reporter
    private let reported = Mutex<Set<String>>([])

    init(_ reporter: any Reporter) {
        self.reporter = reporter
    }

    @Sendable func warn(_ text: String) {
        guard reported.withLock({ $0.insert(text).inserted }) else { return }
        reporter.warn(text)
    }
}
