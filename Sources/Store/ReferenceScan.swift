import Archives
import Failures

/// The references that the files themselves show: the hash part of a store path that exists, anywhere in a file's bytes,
/// in a link's target or in a file's name. That is how Nix finds them too.
///
/// Sizes are not known to it; see `Closure.fillingSizes`.
public struct ReferenceScan: ReferenceSource {
    private let store: StoreLocation

    public init(_ store: StoreLocation) {
        self.store = store
    }

    /// - Throws: `Failure` with code `data` for a root that is not in the store folder, with code `io` where a file
    ///   cannot be read.
    public func closure(of roots: [StorePath]) throws -> Closure {
        let names = try StoreNames(listing: store)
        for root in roots where !names.contains(root) {
            throw Failure(
                .data, "store path '\(root)' is not in the store",
                why: "there is no \(store.machinePath(of: root))",
                advice: "build or copy it into the store, or correct the spec")
        }
        // A root is what its hash part stands for, though another path may have the same.
        let wanted = Dictionary(roots.map { ($0.hashPart, $0) }, uniquingKeysWith: { first, _ in first })
        let targets = names.all.map { wanted[$0.hashPart] ?? $0 }

        let scanner = TreeScanner(search: HashSearch(targets.map(\.hashPart)))
        let workers = OrderedWorkers(width: workerCount) { [store] (path: StorePath) in
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
