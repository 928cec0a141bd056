import ByteIO
import Images
import Store
import SystemPackage
import Tar

/// Runs a spec's commands in the directory of the layer that they change.
struct ExtraCommands {
    private let spec: ImageSpec
    private let context: Context
    private let reporter: any Reporter

    init(_ spec: ImageSpec, _ context: Context, _ reporter: any Reporter) {
        self.spec = spec
        self.context = context
        self.reporter = reporter
    }

    /// Makes the tree's files, runs the commands among them, and reads what is there then.
    ///
    /// - Returns: the tree and the directory that holds its files; the tree as it was, and nil, if there are no commands.
    /// - Throws: `ToolError` with code `script` for a script that failed.
    func run(in tree: FileTree) async throws -> (tree: FileTree, work: WorkDirectory?) {
        guard !spec.extraCommands.isEmpty else { return (tree, nil) }
        let work = try WorkDirectory(context)
        let root = try work.makeDirectory("layer")
        try tree.make(in: root)
        let script = Script(key: "extraCommands", text: spec.extraCommands, modified: spec.mtime)
        try await script.run(
            in: root, work: work, path: context.programPath
        ) { reporter.scriptOutput($0) }
        let changed = try FileTree.walk(root, keeping: .linksAndAttributes)
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

/// The layer that a script left as a tar, where it was root, or believed so: in a virtual machine or a namespace.
struct ScriptLayer {
    let spec: ImageSpec
    /// What the layers below come to; nil without any.
    let base: RootFilesystem?
    let context: Context
    let reporter: any Reporter

    /// Makes the layer: the tar in this program's form, and behind it the store paths that it refers to and that are not
    /// there yet.
    ///
    /// - Parameters:
    ///   - tar: what the script left, which is not believed.
    ///   - key: the spec's key that the script stands in.
    ///   - bringsStorePaths: whether store paths come along.
    ///   - entries: what stands in the place of each entry of the tar.
    /// - Throws: `ToolError` with code `data` for what no layer may hold.
    func make(
        _ tar: FileRange, key: String, title: String, bringsStorePaths: Bool,
        entries: (TarMember) -> [TarMember] = { [$0] }
    ) async throws -> SpooledLayer {
        let name = "the layer of \(key)"
        let file = try context.spool.makeFile(name)
        let own = try withoutActuallyEscaping(entries) { entries in
            let normalizer = LayerNormalizer(base: base, owner: spec.owner, entries: entries)
            return try file.keep { try normalizer.copy(tar, name: name, to: $0) }.0
        }
        var tree = base ?? RootFilesystem()
        try tree.apply(own, name: name)
        var paths: [StorePath] = []
        if bringsStorePaths {
            let closure = try await ClosureSearch(spec).closure(of: own, reporter: reporter)
            paths = closure.nodes.map(\.path)
                .filter { tree.find(Array($0.path.utf8), followsLast: false) == nil }
                .sorted { $0.baseName < $1.baseName }
        }
        // A tar of the store paths alone, whose end is the end of both.
        let rest = try file.keep { try storeLayer(paths, beside: tree).open().write(to: $0) }.0
        return try SpooledLayer(
            title: title, storePaths: paths,
            tar: FileRange(file: own.file, offset: own.offset, size: own.size + rest.size))
    }

    /// The store paths in the root of the image, with the directories on the way that are not there yet.
    private func storeLayer(_ paths: [StorePath], beside tree: RootFilesystem) -> FileLayer {
        FileLayer(
            title: "store paths", storePaths: paths,
            directories: paths.isEmpty
                ? [] : spec.storeLocation.directories(like: nil) { tree.directory(at: $0) != nil },
            parts: spec.storeLocation.parts(paths), owner: spec.owner)
    }
}
