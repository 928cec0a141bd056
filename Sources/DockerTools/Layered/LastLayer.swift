import Images
import Store
import SystemPackage

/// The layer on top of a layered image, always there: contents' files as links into the store, plain folders, and what
/// the commands made.
enum LastLayer {
    /// Warnings about clashes that are told one by one.
    private static let clashLimit = 10

    static func make(
        _ spec: ImageSpec, surroundings: Surroundings, reporter: any Reporter
    ) async throws -> (layer: FileLayer, work: WorkFolder?) {
        let (tree, clashes) = try TreeMerger.merge(Contents.sources(spec))
        warn(of: clashes, reporter)
        reporter.warn(ofSocketsIn: tree)
        let (changed, work) = try await CommandRun(spec, surroundings, reporter).run(in: tree)
        let layer = FileLayer(title: "customisation layer", parts: [.init(.tree(changed), at: "")], owner: spec.owner)
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
