import Glibc
import Store

/// Runs `extraCommands` in the directory of the layer.
struct ExtraCommands: LayerScript {
    static let key = "extraCommands"

    let build: BuildContext

    var text: String { build.spec.extraCommands }

    /// Writes the files of the layer to a work directory, runs the script there and reads the files again.
    ///
    /// - Returns: the tree as it was if there is no script.
    /// - Throws: `ToolError` with code `script` for a script that failed.
    func run(on tree: FileTree) async throws -> ScriptedTree {
        guard !text.isEmpty else { return ScriptedTree(tree: tree, work: nil) }
        let context = build.context
        let work = try WorkDirectory(context)
        let root = try work.makeDirectory("layer")
        // Directories of a store are read-only. Only root's scripts can write to them by themselves.
        let isProtected = geteuid() != 0 && tree.hasProtectedEntries
        let session = isProtected ? await RootEmulation.overridingModes(programPath: context.programPath) : []
        try tree.make(in: root, unprotected: session == nil)
        try await script(session: session ?? []).run(in: root, work: work, context: context) {
            context.reporter.scriptOutput($0)
        }
        var changed = try FileTree.walk(root, keeping: .linksAndAttributes)
        if session == nil { changed.protect(like: tree) }
        context.reporter.warn(ofSocketsIn: changed)
        return ScriptedTree(tree: changed, work: work)
    }
}

extension Reporter {
    /// Warns of the sockets in a tree, which are left out of the layer.
    func warn(ofSocketsIn tree: FileTree) {
        for socket in tree.sockets { warn("\(socket) is a socket, which a layer cannot hold: left out") }
    }
}
