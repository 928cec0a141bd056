import SystemPackage
import Tar

/// Merges trees into one. Directories with the same path are united; of other entries with the same path one wins.
package struct TreeMerger {
    /// A tree to merge.
    package struct Source: Sendable {
        let tree: FileTree
        let name: String
        let link: String?

        /// A tree whose files and links are kept.
        ///
        /// - Parameter name: the name in the merged root of a tree that is a single file.
        package static func copied(_ tree: FileTree, name: String) -> Source {
            Source(tree: tree, name: name, link: nil)
        }

        /// A tree whose files become links to paths below `target`; links keep their targets, like in lndir(1).
        ///
        /// - Parameters:
        ///   - name: the name in the merged root of a tree that is a single file.
        ///   - target: the logical path of the tree's root.
        package static func linked(_ tree: FileTree, name: String, target: String) -> Source {
            Source(tree: tree, name: name, link: target)
        }
    }

    /// The mode of directories of linked trees, because the store's directories are read-only.
    package static let directoryMode: UInt16 = 0o755

    private let sources: [Source]
    private let policy: MergePolicy
    private let indices: [TreeIndex]
    /// For each source the offsets of its origins and inodes in the merged tree.
    private var bases: [(origin: Int, inode: UInt32)] = []
    private var merged = FileTree(origins: [])
    private var path: [UInt8] = []
    private var clashes: [String] = []

    /// Merges trees.
    ///
    /// - Returns: the merged tree, and the paths whose loss deserves a warning: with `firstWins` those of all later
    ///   entries except directories; with the other policies those where a directory and another kind of entry met.
    /// - Throws: `ToolError` with code `data` for too many names or origins.
    package static func merge(
        _ sources: [Source], _ policy: MergePolicy = .firstWins
    ) throws -> (tree: FileTree, clashes: [String]) {
        if policy == .laterWinsThroughLinks { return try mergeThroughLinks(sources) }
        var merger = try TreeMerger(sources, policy)
        try merger.addRoot()
        return (merger.merged, merger.clashes)
    }

    private init(_ sources: [Source], _ policy: MergePolicy) throws {
        self.sources = sources
        self.policy = policy
        indices = sources.map { TreeIndex($0.tree) }
        for source in sources {
            bases.append((merged.origins.count, UInt32(merged.inodes.count)))
            for origin in source.tree.origins { _ = try merged.append(origin) }
            merged.inodes += source.tree.inodes
            merged.newestChange = max(merged.newestChange, source.tree.newestChange)
            merged.hasReliableTimes = merged.hasReliableTimes && source.tree.hasReliableTimes
        }
    }

    /// An entry of a source.
    private struct Item {
        let source: Int
        let entry: Int
    }

    private mutating func addRoot() throws {
        merged.entries.append(
            FileTree.Entry(
                kind: .directory, mode: Self.directoryMode, depth: 0, size: 0, modified: 0, name: .empty, target: .empty
            ))
        var children: [(name: [UInt8], item: Item)] = []
        for (number, source) in sources.enumerated() {
            let root = Item(source: number, entry: 0)
            if source.tree.entries[0].kind == .directory {
                children += self.children(of: root)
            } else {
                children.append((Array(source.name.utf8), root))
            }
        }
        try add(children, depth: 1)
    }

    private func children(of directory: Item) -> [(name: [UInt8], item: Item)] {
        let index = indices[directory.source]
        return index.children(of: directory.entry).map {
            (Array(index.name(of: $0)), Item(source: directory.source, entry: $0))
        }
    }

    /// Adds the entries of one directory, one of each name, and merges subdirectories.
    private mutating func add(_ children: [(name: [UInt8], item: Item)], depth: UInt16) throws {
        // The order of sources decides between equal names.
        let sorted = children.enumerated().sorted { left, right in
            if left.element.name == right.element.name { return left.offset < right.offset }
            return left.element.name.withUnsafeBytes { left in
                right.element.name.withUnsafeBytes { right in PathOrder.precedes(left, right) }
            }
        }.map(\.element)
        let length = path.count
        var rest = sorted[...]
        while let name = rest.first?.name {
            let group = rest.prefix { $0.name == name }.map(\.item)
            rest = rest.dropFirst(group.count)
            if length > 0 { path.append(UInt8(ascii: "/")) }
            path += name
            let choice = policy.choose(group.map { kind($0) == .directory })
            try add(group[choice.winner], name: name, depth: depth)
            if choice.isClash { clashes.append("/" + String(decoding: path, as: UTF8.self)) }
            let children = choice.directories.flatMap { self.children(of: group[$0]) }
            if !children.isEmpty { try add(children, depth: depth + 1) }
            path.removeSubrange(length...)
        }
    }

    private mutating func add(_ item: Item, name: [UInt8], depth: UInt16) throws {
        let source = sources[item.source]
        var entry = source.tree.entries[item.entry]
        var target = Array(source.tree.bytes[entry.target.range])
        entry.depth = depth
        let base = bases[item.source]
        entry.origin = UInt16(base.origin + Int(entry.origin))
        if entry.inode > 0 { entry.inode += base.inode }
        if let link = source.link {
            switch entry.kind {
            case .directory: entry.mode = Self.directoryMode
            case .link: break
            case .file, .fifo, .characterDevice, .blockDevice, .socket:
                entry.kind = .link
                entry.mode = 0o777
                target = Array(link.utf8)
                if item.entry > 0 { target += [UInt8(ascii: "/")] + path }
                entry.size = UInt64(target.count)
            }
        }
        entry.name = try name.withUnsafeBytes { try merged.append($0) }
        if entry.kind == .link { entry.target = try target.withUnsafeBytes { try merged.append($0) } }
        merged.entries.append(entry)
    }

    private func kind(_ item: Item) -> FileTree.Kind {
        sources[item.source].tree.entries[item.entry].kind
    }
}

extension TreeMerger {
    /// Merges sources one by one, so that directories follow links to directories of earlier sources.
    static func mergeThroughLinks(_ sources: [Source]) throws -> (tree: FileTree, clashes: [String]) {
        var below: [Source] = []
        var clashes: [String] = []
        var links: Set<[UInt8]> = []
        for source in sources {
            var source = source
            // In most cases no directory meets a link, and all sources are merged at once at the end.
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
    /// True if a directory has the path of one of the links.
    fileprivate func meets(_ links: Set<[UInt8]>) -> Bool {
        guard !links.isEmpty else { return false }
        var isMet = false
        tree.forEach { entry, path, _ in
            if !isMet, entry.kind == .directory { isMet = links.contains(Array(path)) }
        }
        return isMet
    }
}

/// The choice among entries of several trees with the same path. Directories are always united.
package enum MergePolicy: Sendable {
    /// The first wins and determines the mode of a directory.
    case firstWins
    /// The last wins and determines the mode of a directory. Links to directories count as links.
    case laterWins
    /// The last wins, but a directory follows an earlier tree's link to a directory (rsync's `--keep-dirlinks`).
    case laterWinsThroughLinks

    /// Chooses among entries with the same path.
    ///
    /// - Parameter areDirectories: for each entry, in the order of the trees, true if it is a directory.
    /// - Returns: the index of the winner, the indices of the directories to unite if it is a directory, and true for
    ///   `isClash` if the loss of another entry deserves a warning.
    func choose(_ areDirectories: [Bool]) -> (winner: Int, directories: [Int], isClash: Bool) {
        let isMixed = areDirectories.contains(true) && areDirectories.contains(false)
        let all = Array(areDirectories.indices)
        switch self {
        case .firstWins:
            let directories = areDirectories.first == true ? all.filter { areDirectories[$0] } : []
            return (0, directories, isMixed || areDirectories.count > 1 && !areDirectories[0])
        case .laterWins, .laterWinsThroughLinks:
            // The last entry that is not a directory replaces all entries before it.
            let begin = areDirectories.lastIndex(of: false).map { $0 + 1 } ?? 0
            return (areDirectories.count - 1, Array(all[begin...]), isMixed)
        }
    }
}
