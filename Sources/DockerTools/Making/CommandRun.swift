import Images
import Store
import SystemPackage

/// Runs a spec's commands in the folder of the layer that they change.
struct CommandRun {
    private let spec: ImageSpec
    private let surroundings: Surroundings
    private let reporter: any Reporter

    init(_ spec: ImageSpec, _ surroundings: Surroundings, _ reporter: any Reporter) {
        self.spec = spec
        self.surroundings = surroundings
        self.reporter = reporter
    }

    /// Makes the tree's files, runs the commands among them, and reads what is there then.
    ///
    /// - Returns: the tree and the folder that holds its files; the tree as it was, and nil, if there are no commands.
    /// - Throws: `Failure` with code `script` for a script that failed.
    func run(in tree: FileTree) async throws -> (tree: FileTree, work: WorkFolder?) {
        guard !spec.extraCommands.isEmpty else { return (tree, nil) }
        let work = try WorkFolder(surroundings)
        let root = try work.makeFolder("layer")
        try tree.make(in: root)
        let script = Script(key: "extraCommands", text: spec.extraCommands, modified: spec.mtime)
        try await script.run(
            in: root, work: work, path: surroundings.programPath
        ) { reporter.scriptOutput($0) }
        let changed = try FileTree(walking: root, keeping: .linksAndAttributes)
        reporter.warn(ofSocketsIn: changed)
        return (changed, work)
    }
}

extension Reporter {
    /// Sockets are told of, since they are left out.
    func warn(ofSocketsIn tree: FileTree) {
        for socket in tree.sockets { warn("\(socket) is a socket, which no layer can hold: left out") }
    }
}
