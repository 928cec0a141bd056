/// A tree with the ways in it: what each folder holds.
struct TreeIndex: Sendable {
    let tree: FileTree
    /// For each entry: the index behind the last entry below it.
    let ends: [Int]

    init(_ tree: FileTree) {
        self.tree = tree
        var ends = [Int](repeating: tree.entries.count, count: tree.entries.count)
        var open: [Int] = []
        for (index, entry) in tree.entries.enumerated() {
            while let last = open.last, tree.entries[last].depth >= entry.depth {
                ends[last] = index
                open.removeLast()
            }
            open.append(index)
        }
        self.ends = ends
    }

    func name(of index: Int) -> ArraySlice<UInt8> { tree.bytes[tree.entries[index].name.range] }

    /// The indices of what a folder holds, in order.
    func children(of folder: Int) -> [Int] {
        var children: [Int] = []
        var index = folder + 1
        while index < ends[folder] {
            children.append(index)
            index = ends[index]
        }
        return children
    }

    /// The index of what has a name in a folder.
    func child(of folder: Int, named name: some Collection<UInt8>) -> Int? {
        var index = folder + 1
        while index < ends[folder] {
            if self.name(of: index).elementsEqual(name) { return index }
            index = ends[index]
        }
        return nil
    }
}
