import ByteIO
import Errors
import Images
import JSON
import Store

/// Finds the store paths that an image needs.
///
/// One build has one search: the graph file or the store directory is read once, and so is the closure of the same
/// roots.
actor ClosureSearch {
    private let spec: ImageSpec
    private let store: StoreLocation
    private let reporter: any Reporter
    private var opened: Opened?
    private var closures: [Closure] = []

    private struct Opened {
        let graph: GraphFile?
        /// The store paths that an image may have: those of the graph file, or without one those of the store.
        let names: StoreNames
        /// The store paths that files are searched for: those of `names` and of the store. A file that refers to a path
        /// which the graph file lacks would not work in the image.
        let searched: StoreNames
    }

    init(_ spec: ImageSpec, reporter: any Reporter) {
        self.spec = spec
        store = spec.storeLocation
        self.reporter = reporter
    }

    /// Checks the graph file and the names of store paths in the config, before any script runs.
    ///
    /// - Throws: `ToolError` with code `data` for an invalid graph file, or a path of `contents` or of the config that it
    ///   or the store does not have.
    func check() throws {
        let opened = try open()
        let roots = try spec.contents.compactMap(\.storePath) + configuredPaths(opened)
        _ = try opened.graph?.closure(of: roots)
    }

    /// The closure of the store paths that the files of a tree or the config refer to.
    ///
    /// - Parameters:
    ///   - roots: store paths that belong to it in any case.
    ///   - scripts: the texts of scripts that see the store paths that they name.
    ///   - rootfs: the base's root file system; its store paths need not be in the graph file.
    /// - Throws: `ToolError` with code `data` for a path that neither the graph nor the store has, `io` for a file that
    ///   cannot be read.
    func closure(
        of tree: FileTree, with roots: [StorePath] = [], and scripts: [String] = [], over rootfs: RootFilesystem?
    ) async throws -> Closure {
        let opened = try open()
        let found = try tree.references(among: opened.searched)
        let closure = try await closure(of: roots, found, opened, rootfs)
        let names = StoreReferences(in: scripts, storeDir: store.storeDir, among: opened.searched).found
        // A path that only a script needs is not in the graph of the image.
        let tools = try await self.closure(of: names, names.allSatisfy(opened.names.contains) ? opened.graph : nil)
        return try Closure(closure.nodes + tools.nodes, source: closure.source)
    }

    /// The closure of the store paths that an uncompressed tar or the config refers to.
    ///
    /// - Parameters:
    ///   - roots: store paths that belong to it in any case.
    ///   - rootfs: the base's root file system; its store paths need not be in the graph file.
    /// - Throws: `ToolError` with code `data` for a path that neither the graph nor the store has, `io` for a tar that
    ///   cannot be read.
    func closure(of tar: FileRange, with roots: [StorePath] = [], over rootfs: RootFilesystem?) async throws -> Closure
    {
        let opened = try open()
        return try await closure(of: roots, tar.references(among: opened.searched), opened, rootfs)
    }

    private func open() throws -> Opened {
        if let opened { return opened }
        let new: Opened
        if let graph = try spec.closure.map({ try GraphFile.read($0, storeDir: store.storeDir) }) {
            // The store itself may be unreadable: the graph file says all that is needed of it.
            let listed = (try? StoreNames.list(store)) ?? StoreNames(of: graph.closure)
            let names = StoreNames(of: graph.closure)
            new = Opened(graph: graph, names: names, searched: names.union(listed))
        } else {
            let names = try StoreNames.list(store)
            new = Opened(graph: nil, names: names, searched: names)
        }
        opened = new
        return new
    }

    private func closure(
        of roots: [StorePath], _ found: [StorePath], _ opened: Opened, _ rootfs: RootFilesystem?
    ) async throws -> Closure {
        let found = found.filter { path in
            opened.names.contains(path) || rootfs?.find(Array(path.path.utf8), followsLast: false) == nil
        }
        return try await closure(of: roots + found + configuredPaths(opened), opened.graph)
    }

    private func closure(of paths: [StorePath], _ graph: GraphFile?) async throws -> Closure {
        var seen: Set<StorePath> = []
        let roots = paths.filter { seen.insert($0).inserted }
        if let known = closures.first(where: { known in roots.allSatisfy { known.position(of: $0) != nil } }) {
            return try known.reachable(from: roots)
        }
        let choice = await ReferenceSourceChoice.choose(graph: graph, store: store, roots: roots)
        if let note = choice.note { reporter.note(note) }
        let closure = try await choice.source.closure(of: roots)
        closures.append(closure)
        return closure
    }

    /// The store paths that the config names.
    private func configuredPaths(_ opened: Opened) throws -> [StorePath] {
        let texts = Self.texts(in: spec.config.json)
        let references = StoreReferences(in: texts, storeDir: store.storeDir, among: opened.names)
        if let missing = references.unresolved.first {
            throw ToolError(
                .data, "cannot find the store path \(missing), which config names",
                cause: opened.graph.map { "\($0.closure.source) does not list it" }
                    ?? "it is not in \(store.machinePath(of: store.storeDir))",
                remedy: "correct the name, or add the path to the \(opened.graph == nil ? "store" : "graph")")
        }
        return references.found
    }

    /// All strings of a value, the keys of objects too: the keys of `Volumes` are paths.
    private static func texts(in value: JSONValue) -> [String] {
        switch value {
        case .string(let text): [text]
        case .array(let values): values.flatMap(texts(in:))
        case .object(let members):
            members.sorted { $0.key < $1.key }.flatMap { [$0.key] + texts(in: $0.value) }
        case .null, .bool, .int, .double: []
        }
    }
}
