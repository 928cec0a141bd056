extension TreeMerger {
    /// Lays each source over those before it, its folders going through their links to folders.
    static func mergeThroughLinks(_ sources: [Source]) throws -> (tree: FileTree, clashes: [String]) {
        var below: [Source] = []
        var clashes: [String] = []
        var links: Set<[UInt8]> = []
        for source in sources {
            var source = source
            // Mostly none meet, and all are merged at once in the end.
            if source.meets(links) {
                let merged = try merge(below, .laterWins)
                clashes += merged.clashes
                below = [.copied(merged.tree, name: "")]
                let own = try merge([source], .laterWins).tree
                source = .copied(try own.redirected(through: TreeIndex(merged.tree)), name: "")
            }
            source.tree.forEach { entry, path, _ in
                if entry.kind == .link { links.insert(path.isEmpty ? Array(source.name.utf8) : Array(path)) }
            }
            below.append(source)
        }
        let merged = try merge(below, .laterWins)
        return (merged.tree, clashes + merged.clashes)
    }
}

extension TreeMerger.Source {
    /// Whether a folder stands where one of the links does.
    fileprivate func meets(_ links: Set<[UInt8]>) -> Bool {
        guard !links.isEmpty else { return false }
        var isMet = false
        tree.forEach { entry, path, _ in
            if !isMet, entry.kind == .folder { isMet = links.contains(Array(path)) }
        }
        return isMet
    }
}
