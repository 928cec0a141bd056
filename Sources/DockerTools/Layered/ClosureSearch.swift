import Archives
import Failures
import Store

/// Finds the closure of an image: of its contents, and of every store path that its config or a command names.
struct ClosureSearch {
    private let spec: ImageSpec
    private let store: StoreLocation
    private let graph: GraphFile?
    private let names: StoreNames

    /// - Throws: `Failure` if the graph file or the store folder cannot be read.
    init(_ spec: ImageSpec) throws {
        self.spec = spec
        store = spec.storeLocation
        graph = try spec.closure.map { try GraphFile(reading: $0, storeDir: spec.storeLocation.storeDir) }
        names = try graph.map { StoreNames(of: $0.closure) } ?? StoreNames(listing: store)
    }

    /// - Throws: `Failure` with code `data` for a path that the graph or the store does not have.
    func closure(reporter: any Reporter) async throws -> Closure {
        let roots = try self.roots
        let choice = await ReferenceSourceChoice(graph: graph, store: store, roots: roots)
        if let note = choice.note { reporter.note(note) }
        return try await choice.source.closure(of: roots)
    }

    /// The store paths that the spec names, contents first.
    private var roots: [StorePath] {
        get throws {
            var roots = spec.contents.compactMap(\.storePath)
            let texts = Self.texts(in: spec.config) + [spec.extraCommands]
            let references = StoreReferences(in: texts, storeDir: store.storeDir, among: names)
            if let missing = references.unresolved.first {
                throw Failure(
                    .data, "cannot find the store path \(missing), which config or a command names",
                    why: graph.map { "\($0.closure.source) does not list it" }
                        ?? "it is not in \(store.machinePath(of: store.storeDir))",
                    advice: "correct the name, or bring the path into the \(graph == nil ? "store" : "graph")")
            }
            roots += references.found
            var seen: Set<StorePath> = []
            return roots.filter { seen.insert($0).inserted }
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
