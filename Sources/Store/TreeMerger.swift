import SystemPackage
import Tar

/// Lays trees over one another to one: directories are merged, and of two other things at one place one wins.
package struct TreeMerger {
    /// A tree that goes into the root of the merged one.
    package struct Source: Sendable {
        let tree: FileTree
        let name: String
        let link: String?

        /// Files and links as they are.
        ///
        /// - Parameter name: the name in the root of a tree that is no directory.
        package static func copied(_ tree: FileTree, name: String) -> Source {
            Source(tree: tree, name: name, link: nil)
        }

        /// Each file as a link to where it lies below `target`; links with their own text, as lndir(1) has them.
        ///
        /// - Parameters:
        ///   - name: the name in the root of a tree that is no directory.
        ///   - target: the logical path of the tree's root.
        package static func linked(_ tree: FileTree, name: String, target: String) -> Source {
            Source(tree: tree, name: name, link: target)
        }
    }

    /// The mode of directories that are made for links: that of the store is read-only, and of no use elsewhere.
    package static let directoryMode: UInt16 = 0o755

    private let sources: [Source]
    private let policy: MergePolicy
    private let indices: [TreeIndex]
    /// For each source what its entries' origins and inodes are counted from in the merged tree.
    private var bases: [(origin: Int, inode: UInt32)] = []
    private var merged = FileTree(origins: [])
    private var path: [UInt8] = []
    private var clashes: [String] = []

    /// - Returns: the merged tree, and the paths where something was left out of which a person should hear: where the
    ///   first wins, all that came later but directories; where the last wins, a directory or what a directory took the place of.
    /// - Throws: `ToolError` with code `data` for too many names, or places where files lie.
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

    /// Adds what stands in one directory, one thing of each name, and merges the directories among them.
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
    /// Lays each source over those before it, its directories going through their links to directories.
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
    /// Whether a directory stands where one of the links does.
    fileprivate func meets(_ links: Set<[UInt8]>) -> Bool {
        guard !links.isEmpty else { return false }
        var isMet = false
        tree.forEach { entry, path, _ in
            if !isMet, entry.kind == .directory { isMet = links.contains(Array(path)) }
        }
        return isMet
    }
}

/// What stays where several trees have something at one place. Directories that meet are merged whatever the policy.
package enum MergePolicy: Sendable {
    /// The first stays, and gives a directory its mode.
    case firstWins
    /// The last stays, and gives a directory its mode; links to directories are things like all others.
    case laterWins
    /// The last stays, but a directory goes through an earlier tree's link to a directory (rsync's `--keep-dirlinks`).
    case laterWinsThroughLinks

    /// What stays of things at one place, in the order of their trees.
    ///
    /// - Returns: the index of the one that stays, the indices of the directories that are merged if it is one, and whether a
    ///   person should hear that something was left out.
    func choose(_ areDirectories: [Bool]) -> (winner: Int, directories: [Int], isClash: Bool) {
        let isMixed = areDirectories.contains(true) && areDirectories.contains(false)
        let all = Array(areDirectories.indices)
        switch self {
        case .firstWins:
            let directories = areDirectories.first == true ? all.filter { areDirectories[$0] } : []
            return (0, directories, isMixed || areDirectories.count > 1 && !areDirectories[0])
        case .laterWins, .laterWinsThroughLinks:
            // What was there before the last thing that is no directory has gone with it.
            let begin = areDirectories.lastIndex(of: false).map { $0 + 1 } ?? 0
            return (areDirectories.count - 1, Array(all[begin...]), isMixed)
        }
    }
}
