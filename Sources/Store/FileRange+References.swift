import Archives

extension FileRange {
    /// The store paths that its bytes refer to, by name: for a plain tar those of its files, links and names.
    ///
    /// - Parameter names: the store paths that are there.
    /// - Throws: `Failure` with code `io` where it cannot be read.
    public func references(among names: StoreNames) throws -> [StorePath] {
        let targets = names.all
        guard !targets.isEmpty else { return [] }
        let found = try TreeScanner(search: HashSearch(targets.map(\.hashPart))).scan(source())
        return found.map { targets[$0] }.sorted { $0.baseName < $1.baseName }
    }
}
