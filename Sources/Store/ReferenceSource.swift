import ByteIO
import Errors
import Foundation
import SystemPackage

/// A source of the references among store paths.
package protocol ReferenceSource: Sendable {
    /// The closure of some roots: the roots and the paths that they refer to directly or indirectly.
    ///
    /// - Throws: `ToolError` with code `data` for an unknown root or an incomplete closure.
    func closure(of roots: [StorePath]) async throws -> Closure
}

/// The source that is used for the references of an image's store paths.
package struct ReferenceSourceChoice: Sendable {
    /// The source.
    package let source: any ReferenceSource
    /// One line for the user about the choice; nil if there is nothing to say.
    package let note: String?

    /// Chooses a source: the graph file if there is one; the Nix database if the store is that of this machine and the
    /// database holds all roots; else a scan of the files.
    ///
    /// - Parameters:
    ///   - environment: the environment of `nix-store`.
    ///   - database: the database to ask, by default that of this machine.
    package static func choose(
        graph: GraphFile?, store: StoreLocation, roots: [StorePath],
        environment: [String: String] = ProcessInfo.processInfo.environment, database: NixDatabase? = nil
    ) async -> ReferenceSourceChoice {
        if let graph { return ReferenceSourceChoice(source: graph, note: nil) }
        let database = database ?? NixDatabase(storeDir: store.storeDir, environment: environment)
        let isOfThisMachine = store.root == "/"
        if isOfThisMachine, !roots.isEmpty, await database.holds(roots) {
            return ReferenceSourceChoice(source: database, note: nil)
        }
        let reason =
            isOfThisMachine ? "no Nix database holds all the paths" : "the store is below \(store.root)"
        let directory = store.machinePath(of: store.storeDir)
        return ReferenceSourceChoice(
            source: ReferenceScan(store),
            note: roots.isEmpty ? nil : "\(reason): scanning the files of \(directory) for references")
    }
}

/// A scan of the files for references: the hash part of an existing store path anywhere in a file's bytes, a link's
/// target or a file's name. Nix finds references the same way.
///
/// The sizes of the paths are unknown; see `Closure.fillingSizes`.
package struct ReferenceScan: ReferenceSource {
    private let store: StoreLocation

    /// - Parameter store: the store to scan.
    package init(_ store: StoreLocation) {
        self.store = store
    }

    /// The closure of some roots, found by scanning the files of each path.
    ///
    /// - Throws: `ToolError` with code `data` if a root is not in the store directory, `io` if a file cannot be read.
    package func closure(of roots: [StorePath]) throws -> Closure {
        let names = try StoreNames.list(store)
        for root in roots where !names.contains(root) {
            throw ToolError(
                .data, "store path '\(root)' is not in the store",
                cause: "there is no \(store.machinePath(of: root))",
                remedy: "build the path or copy it into the store, or correct the spec")
        }
        // If several paths have the hash part of a root, references to it mean the root.
        let wanted = Dictionary(roots.map { ($0.hashPart, $0) }, uniquingKeysWith: { first, _ in first })
        let targets = names.all.map { wanted[$0.hashPart] ?? $0 }

        let scanner = TreeScanner(scanner: ReferenceScanner(targets.map(\.hashPart)))
        let workers = OrderedThreadPool(width: workerCount) { [store] (path: StorePath) in
            (path, try scanner.scan(FileTree.walk(store.machinePath(of: path))))
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
        // The order of exportReferencesGraph, so that both sources give the same plan.
        nodes.sort { $0.path.baseName < $1.path.baseName }
        return try Closure(nodes, source: "the scan of \(store.machinePath(of: store.storeDir))")
    }
}
