extension FileTree {
    /// The store paths that the tree's files, links and names refer to, by name.
    ///
    /// - Parameter names: the store paths that are there.
    /// - Throws: `Failure` with code `io` where a file cannot be read.
    public func references(among names: StoreNames) throws -> [StorePath] {
        let targets = names.all
        guard !targets.isEmpty else { return [] }
        let found = try TreeScanner(search: HashSearch(targets.map(\.hashPart))).scan(self)
        return found.map { targets[$0] }.sorted { $0.baseName < $1.baseName }
    }
}
