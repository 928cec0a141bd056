import Images
import Store

/// Builds the customization layer: the top layer of a layered image, with the files of `contents` as links into the
/// store, directories that are not in the store, and what the scripts created.
enum CustomizationLayer {
    /// The name of the layer for people.
    static let title = "customization layer"

    /// The number of clashes that get a warning of their own.
    private static let clashLimit = 10

    /// Merges `contents` and runs `extraCommands` on them.
    ///
    /// - Throws: `ToolError`: `script` for a script that failed, `io` for a file that cannot be read.
    static func files(_ build: BuildContext) async throws -> ScriptedTree {
        let (merged, clashes) = try TreeMerger.merge(Contents.sources(build.spec))
        try merged.refuseWhiteoutNames()
        let reporter = build.context.reporter
        for path in clashes.prefix(clashLimit) {
            reporter.warn("contents have \(path) more than once: the first one is used")
        }
        if clashes.count > clashLimit {
            reporter.warn("contents have \(clashes.count - clashLimit) other paths more than once")
        }
        reporter.warn(ofSocketsIn: merged)
        return try await ExtraCommands(build: build).run(on: merged)
    }

    /// Places the files over the root file system of the base, runs `fakeRootCommands` and packs the layer.
    ///
    /// - Throws: `ToolError`: `script` for a script that failed, `unavailable` for a missing program, `io` for a file
    ///   that cannot be read, `data` for a store path that neither the graph nor the store has.
    static func build(_ files: ScriptedTree, in build: BuildContext) async throws -> Built {
        let (spec, closures) = (build.spec, build.closures)
        let roots = spec.contents.compactMap(\.storePath)
        let tree = try build.rootfs.map { try files.tree.laid(over: $0) } ?? files.tree
        guard spec.fakeRootCommands.isEmpty else {
            let visible =
                spec.enableFakechroot && spec.includeStorePaths
                ? try await closures.closure(of: tree, with: roots, and: [spec.fakeRootCommands], over: build.rootfs)
                : nil
            let script = FakeRootCommands(build: build, storePaths: visible?.nodes.map(\.path) ?? [])
            let layer = try await script.run(on: tree)
            let closure =
                spec.includeStorePaths
                ? try await closures.closure(of: layer.tar, with: roots, over: build.rootfs) : nil
            // The script has copied the files, which must exist until then.
            return withExtendedLifetime(files.work) { Built(layer: layer, closure: closure, work: nil) }
        }
        let layer = FileLayer(
            title: title, parts: [.init(.tree(tree), at: "")], owner: spec.owner, cache: build.context.digestCache)
        let closure =
            spec.includeStorePaths ? try await closures.closure(of: tree, with: roots, over: build.rootfs) : nil
        return Built(layer: layer, closure: closure, work: files.work)
    }

    /// The layer, with what the rest of the image needs to know of it.
    struct Built {
        let layer: any Layer
        /// The store paths that the image needs; nil if it gets none.
        let closure: Closure?
        /// The directory that holds the files of the layer; nil if it needs none.
        let work: WorkDirectory?
    }
}
