import Images
import Store
import SystemPackage

/// The layer on top of a layered image, always there: contents' files as links into the store, plain directories, and what
/// the commands made.
enum CustomizationLayer {
    /// Warnings about clashes that are told one by one.
    private static let clashLimit = 10

    /// - Parameters:
    ///   - base: the base image; nil without one.
    ///   - flattened: what it comes to, asked for if the layer may hold anything.
    ///   - storePaths: what the image has of the store.
    static func make(
        _ spec: ImageSpec, base: BaseImage?, flattened: () throws -> ImageRootfs?, storePaths: [StorePath],
        context: Context, reporter: any Reporter
    ) async throws -> (layer: any Layer, work: WorkDirectory?) {
        let (merged, clashes) = try TreeMerger.merge(Contents.sources(spec))
        warn(of: clashes, reporter)
        reporter.warn(ofSocketsIn: merged)
        let (changed, work) = try await ExtraCommands(spec, context, reporter).run(in: merged)
        // Where the base has a link to a directory, as Debian's /bin is one, a directory would hide all that is behind it.
        let isNeeded = changed.entries.count > 1 || !spec.fakeRootCommands.isEmpty
        let below = isNeeded ? try flattened() : nil
        let tree = try below.map { try changed.laid(over: $0.tree) } ?? changed
        guard spec.fakeRootCommands.isEmpty else {
            let run = FakeRootCommands(
                spec: spec, base: base, flattened: below, storePaths: storePaths, context: context,
                reporter: reporter)
            let layer = try await run.run(on: tree, title: title)
            // The tree's files are in it.
            return withExtendedLifetime(work) { (layer, nil) }
        }
        let layer = FileLayer(
            title: title, parts: [.init(.tree(tree), at: "")], owner: spec.owner,
            cache: context.digestCache)
        return (layer, work)
    }

    private static let title = "customization layer"

    private static func warn(of clashes: [String], _ reporter: any Reporter) {
        for path in clashes.prefix(clashLimit) {
            reporter.warn("contents have \(path) more than once: the first wins")
        }
        if clashes.count > clashLimit {
            reporter.warn("and \(clashes.count - clashLimit) more paths that contents have more than once")
        }
    }
}
