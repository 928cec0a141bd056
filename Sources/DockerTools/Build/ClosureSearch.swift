import ByteIO
import Errors
import JSON
import Store

/// Finds the store paths that an image needs.
struct ClosureSearch {
    private let spec: ImageSpec
    private let store: StoreLocation
    private let graph: GraphFile?
    private let names: StoreNames

    /// - Throws: `ToolError` if the graph file or the store directory cannot be read.
    init(_ spec: ImageSpec) throws {
        self.spec = spec
        store = spec.storeLocation
        graph = try spec.closure.map { try GraphFile.read($0, storeDir: spec.storeLocation.storeDir) }
        names = try graph.map { StoreNames(of: $0.closure) } ?? StoreNames.list(store)
    }

    /// The closure of the contents, and of every store path that the config or a command names.
    ///
    /// - Throws: `ToolError` with code `data` for a path that the graph or the store does not have.
    func closure(reporter: any Reporter) async throws -> Closure {
        try await closure(of: spec.contents.compactMap(\.storePath) + namedPaths, reporter)
    }

    /// The closure of every store path that a tree's files refer to, or that the config or a command names.
    ///
    /// - Throws: `ToolError` with code `data` for a path that the graph or the store does not have, `io` for a file that
    ///   cannot be read.
    func closure(of tree: FileTree, reporter: any Reporter) async throws -> Closure {
        try await closure(of: tree.references(among: names) + namedPaths, reporter)
    }

    /// The same of a plain tar.
    func closure(of tar: FileRange, reporter: any Reporter) async throws -> Closure {
        try await closure(of: tar.references(among: names) + namedPaths, reporter)
    }

    private func closure(of paths: [StorePath], _ reporter: any Reporter) async throws -> Closure {
        var seen: Set<StorePath> = []
        let roots = paths.filter { seen.insert($0).inserted }
        let choice = await ReferenceSourceChoice.choose(graph: graph, store: store, roots: roots)
        if let note = choice.note { reporter.note(note) }
        return try await choice.source.closure(of: roots)
    }

    /// The store paths that the config or a command names.
    private var namedPaths: [StorePath] {
        get throws {
            let texts = Self.texts(in: spec.config) + [spec.extraCommands, spec.fakeRootCommands, spec.runAsRoot]
            let references = StoreReferences(in: texts, storeDir: store.storeDir, among: names)
            if let missing = references.unresolved.first {
                throw ToolError(
                    .data, "cannot find the store path \(missing), which config or a command names",
                    cause: graph.map { "\($0.closure.source) does not list it" }
                        ?? "it is not in \(store.machinePath(of: store.storeDir))",
                    remedy: "correct the name, or bring the path into the \(graph == nil ? "store" : "graph")")
            }
            return references.found
        }
    }

    /// All strings of a value, the keys of objects too: volumes are keys.
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

extension ContentPath {
    /// The store path that the content is, or lies in.
    var storePath: StorePath? {
        guard case .store(let path, _) = place else { return nil }
        return path
    }
}
