import ByteIO
import Errors
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
    private var closures: [[StorePath]: Closure] = [:]

    /// The graph file, and the names of the store paths that it lists; without a graph file those of the store.
    private struct Opened {
        let graph: GraphFile?
        let names: StoreNames
    }

    init(_ spec: ImageSpec, reporter: any Reporter) {
        self.spec = spec
        store = spec.storeLocation
        self.reporter = reporter
    }

    /// The closure of the store paths of `contents`, of the config and of the scripts.
    ///
    /// - Throws: `ToolError` with code `data` for a path that neither the graph nor the store has.
    func closureOfContents() async throws -> Closure {
        let opened = try open()
        return try await closure(of: spec.contents.compactMap(\.storePath) + namedPaths(opened), opened)
    }

    /// The closure of the store paths that the files of a tree, the config or the scripts refer to.
    ///
    /// - Throws: `ToolError` with code `data` for a path that neither the graph nor the store has, `io` for a file that
    ///   cannot be read.
    func closure(of tree: FileTree) async throws -> Closure {
        let opened = try open()
        return try await closure(of: tree.references(among: opened.names) + namedPaths(opened), opened)
    }

    /// The closure of the store paths that an uncompressed tar, the config or the scripts refer to.
    ///
    /// - Throws: `ToolError` with code `data` for a path that neither the graph nor the store has, `io` for a tar that
    ///   cannot be read.
    func closure(of tar: FileRange) async throws -> Closure {
        let opened = try open()
        return try await closure(of: tar.references(among: opened.names) + namedPaths(opened), opened)
    }

    private func open() throws -> Opened {
        if let opened { return opened }
        let graph = try spec.closure.map { try GraphFile.read($0, storeDir: store.storeDir) }
        let names = try graph.map { StoreNames(of: $0.closure) } ?? StoreNames.list(store)
        let new = Opened(graph: graph, names: names)
        opened = new
        return new
    }

    private func closure(of paths: [StorePath], _ opened: Opened) async throws -> Closure {
        var seen: Set<StorePath> = []
        let roots = paths.filter { seen.insert($0).inserted }
        if let known = closures[roots] { return known }
        let choice = await ReferenceSourceChoice.choose(graph: opened.graph, store: store, roots: roots)
        if let note = choice.note { reporter.note(note) }
        let closure = try await choice.source.closure(of: roots)
        closures[roots] = closure
        return closure
    }

    /// The store paths that the config or a script names.
    private func namedPaths(_ opened: Opened) throws -> [StorePath] {
        let texts = Self.texts(in: spec.config.json) + [spec.extraCommands, spec.fakeRootCommands, spec.runAsRoot]
        let references = StoreReferences(in: texts, storeDir: store.storeDir, among: opened.names)
        if let missing = references.unresolved.first {
            throw ToolError(
                .data, "cannot find the store path \(missing), which config or a script names",
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
