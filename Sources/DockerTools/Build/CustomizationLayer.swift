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
    /// - Parameter storePaths: the store paths of the image.
    /// - Returns: the layer, and the directory that holds its files if it needs one.
    /// - Throws: `ToolError`: `script` for a script that failed, `unavailable` for a missing program, `io` for a file
    ///   that cannot be read.
    static func build(
        _ files: ScriptedTree, storePaths: [StorePath], in build: BuildContext
    ) async throws -> (layer: any Layer, work: WorkDirectory?) {
        let tree = try build.rootfs.map { try files.tree.laid(over: $0) } ?? files.tree
        guard build.spec.fakeRootCommands.isEmpty else {
            let layer = try await FakeRootCommands(build: build, storePaths: storePaths).run(on: tree)
            // The script has copied the files, which must exist until then.
            return withExtendedLifetime(files.work) { (layer, nil) }
        }
        let layer = FileLayer(
            title: title, parts: [.init(.tree(tree), at: "")], owner: build.spec.owner,
            cache: build.context.digestCache)
        return (layer, files.work)
    }
}
