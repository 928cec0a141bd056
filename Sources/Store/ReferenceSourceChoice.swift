/// Where the references of an image's store paths are read.
public struct ReferenceSourceChoice: Sendable {
    public let source: any ReferenceSource
    /// One line for standard error, nil if there is nothing to tell.
    public let note: String?

    /// Takes the graph file if there is one; else the Nix database, if the store is that of this machine and the database
    /// holds all the roots; else a scan of the files, which the note tells.
    public init(
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
