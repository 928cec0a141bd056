import Images
import Store
import SystemPackage

/// The layer on top of a layered image, always there: contents' files as links into the store, plain folders, and what
/// the commands made.
enum LastLayer {
    /// Warnings about clashes that are told one by one.
    private static let clashLimit = 10

    /// - Parameter base: what the base image comes to, asked for if the layer holds anything; gives nil without a base.
    static func make(
        _ spec: ImageSpec, base: () throws -> FlatTree?, surroundings: Surroundings, reporter: any Reporter
    ) async throws -> (layer: FileLayer, work: WorkFolder?) {
        let (merged, clashes) = try TreeMerger.merge(Contents.sources(spec))
        warn(of: clashes, reporter)
        reporter.warn(ofSocketsIn: merged)
        let (changed, work) = try await CommandRun(spec, surroundings, reporter).run(in: merged)
        // Where the base has a link to a folder, as Debian's /bin is one, a folder would hide all that is behind it.
        let tree = changed.entries.count > 1 ? try base().map { try changed.laid(over: $0) } ?? changed : changed
        let layer = FileLayer(
            title: "customisation layer", parts: [.init(.tree(tree), at: "")], owner: spec.owner,
            cache: surroundings.digestCache)
        return (layer, work)
    }

    private static func warn(of clashes: [String], _ reporter: any Reporter) {
        for path in clashes.prefix(clashLimit) {
            reporter.warn("contents have \(path) more than once: the first wins")
        }
        if clashes.count > clashLimit {
            reporter.warn("and \(clashes.count - clashLimit) more paths that contents have more than once")
        }
    }
}
