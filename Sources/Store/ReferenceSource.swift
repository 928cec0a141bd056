import ByteIO
import Errors

/// Something that knows which store paths refer to which.
package protocol ReferenceSource: Sendable {
    /// The paths that the roots refer to, directly or through others, and the roots.
    ///
    /// - Throws: `ToolError` with code `data` for a root that the source does not know, and for data that makes no
    ///   closure.
    func closure(of roots: [StorePath]) async throws -> Closure
}

/// Where the references of an image's store paths are read.
package struct ReferenceSourceChoice: Sendable {
    package let source: any ReferenceSource
    /// One line for standard error, nil if there is nothing to tell.
    package let note: String?

    /// Takes the graph file if there is one; else the Nix database, if the store is that of this machine and the database
    /// holds all the roots; else a scan of the files, which the note tells.
    package init(
        graph: GraphFile?, store: StoreLocation, roots: [StorePath], database: NixDatabase? = nil
    ) async {
        if let graph {
            (source, note) = (graph, nil)
            return
        }
        let database = database ?? NixDatabase(storeDir: store.storeDir)
        let isOfThisMachine = store.root == "/"
        if isOfThisMachine, !roots.isEmpty, await database.holds(roots) {
            (source, note) = (database, nil)
            return
        }
        source = ReferenceScan(store)
        let reason =
            isOfThisMachine ? "no Nix database holds all the paths" : "the store lies below \(store.root)"
        note =
            roots.isEmpty
            ? nil
            : "\(reason): scanning the files of \(store.machinePath(of: store.storeDir)) for references"
    }
}

/// The references that the files themselves show: the hash part of a store path that exists, anywhere in a file's bytes,
/// in a link's target or in a file's name. That is how Nix finds them too.
///
/// Sizes are not known to it; see `Closure.fillingSizes`.
package struct ReferenceScan: ReferenceSource {
    private let store: StoreLocation

    package init(_ store: StoreLocation) {
        self.store = store
    }

    /// - Throws: `ToolError` with code `data` for a root that is not in the store directory, with code `io` where a file
    ///   cannot be read.
    package func closure(of roots: [StorePath]) throws -> Closure {
        let names = try StoreNames(listing: store)
        for root in roots where !names.contains(root) {
            throw ToolError(
                .data, "store path '\(root)' is not in the store",
                cause: "there is no \(store.machinePath(of: root))",
                remedy: "build or copy it into the store, or correct the spec")
        }
        // A root is what its hash part stands for, though another path may have the same.
        let wanted = Dictionary(roots.map { ($0.hashPart, $0) }, uniquingKeysWith: { first, _ in first })
        let targets = names.all.map { wanted[$0.hashPart] ?? $0 }

        let scanner = TreeScanner(search: ReferenceScanner(targets.map(\.hashPart)))
        let workers = OrderedThreadPool(width: workerCount) { [store] (path: StorePath) in
            (path, try scanner.scan(FileTree(walking: store.machinePath(of: path))))
        }
        defer { workers.finish() }
        var seen: Set<StorePath> = []
        for root in roots where seen.insert(root).inserted { workers.submit(root) }
        var nodes: [Closure.Node] = []
        while let (path, found) = try workers.next() {
            let references = found.map { targets[$0] }.sorted { $0.baseName < $1.baseName }
            nodes.append(Closure.Node(path: path, references: references))
            for reference in references where seen.insert(reference).inserted { workers.submit(reference) }
        }
        // In the order of exportReferencesGraph, so that both give the same plan.
        nodes.sort { $0.path.baseName < $1.path.baseName }
        return try Closure(nodes, source: "the scan of \(store.machinePath(of: store.storeDir))")
    }
}
