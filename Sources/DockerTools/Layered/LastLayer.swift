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
        for socket in tree.sockets { reporter.warn("\(socket) is a socket, which no layer can hold: left out") }
        guard !spec.extraCommands.isEmpty else { return (layer(.tree(tree), spec), nil) }

        let work = try WorkFolder(surroundings)
        let root = try work.makeFolder("layer")
        try tree.make(in: root)
        let script = Script(key: "extraCommands", text: spec.extraCommands, modified: spec.mtime)
        try await script.run(
            in: root, work: work, path: surroundings.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        ) { reporter.scriptOutput($0) }
        return (layer(.path(root), spec), work)
    }

    private static func layer(_ source: FileLayer.Part.Source, _ spec: ImageSpec) -> FileLayer {
        FileLayer(title: "customisation layer", parts: [.init(source, at: "")], owner: spec.owner)
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
