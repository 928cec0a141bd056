import Failures
import SystemPackage
import Tar

/// Lays trees over one another to one: folders are merged, and of two other things at one place the first wins.
public struct TreeMerger {
    /// A tree that goes into the root of the merged one.
    public struct Source: Sendable {
        let tree: FileTree
        let name: String
        let link: String?

        /// Files and links as they are.
        ///
        /// - Parameter name: the name in the root of a tree that is no folder.
        public static func copied(_ tree: FileTree, name: String) -> Source {
            Source(tree: tree, name: name, link: nil)
        }

        /// Each file as a link to where it lies below `target`; links with their own text, as lndir(1) has them.
        ///
        /// - Parameters:
        ///   - name: the name in the root of a tree that is no folder.
        ///   - target: the logical path of the tree's root.
        public static func linked(_ tree: FileTree, name: String, target: String) -> Source {
            Source(tree: tree, name: name, link: target)
        }
    }

    /// The mode of folders that are made for links: that of the store is read-only, and of no use elsewhere.
    static let folderMode: UInt16 = 0o755

    private let sources: [Source]
    /// For each source, for each entry: the index behind the last entry below it.
    private let ends: [[Int]]
    private var merged: FileTree
    private var path: [UInt8] = []
    private var clashes: [String] = []

    /// - Returns: the merged tree, and the paths where something was left out because something else was there before.
    public static func merge(_ sources: [Source]) throws -> (tree: FileTree, clashes: [String]) {
        var merger = TreeMerger(sources)
        try merger.addRoot()
        return (merger.merged, merger.clashes)
    }

    private init(_ sources: [Source]) {
        self.sources = sources
        ends = sources.map { Self.ends($0.tree) }
        // A tree that was read has one origin.
        merged = FileTree(origins: sources.flatMap { $0.tree.origins.prefix(1) })
    }

    /// An entry of a source.
    private struct Item {
        let source: Int
        let entry: Int
    }

    private mutating func addRoot() throws {
        merged.entries.append(
            FileTree.Entry(
                kind: .folder, mode: Self.folderMode, depth: 0, size: 0, modified: 0, name: .empty, target: .empty))
        var children: [(name: [UInt8], item: Item)] = []
        for (number, source) in sources.enumerated() {
            let root = Item(source: number, entry: 0)
            if source.tree.entries[0].kind == .folder {
                children += self.children(of: root)
            } else {
                children.append((Array(source.name.utf8), root))
            }
        }
        try add(children, depth: 1)
    }

    private func children(of folder: Item) -> [(name: [UInt8], item: Item)] {
        let tree = sources[folder.source].tree
        let ends = ends[folder.source]
        var children: [(name: [UInt8], item: Item)] = []
        var index = folder.entry + 1
        while index < ends[folder.entry] {
            children.append(
                (Array(tree.bytes[tree.entries[index].name.range]), Item(source: folder.source, entry: index)))
            index = ends[index]
        }
        return children
    }

    /// Adds what stands in one folder, the first of each name, and merges the folders among them.
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
        while let (name, first) = rest.first {
            let group = rest.prefix { $0.name == name }.map(\.item)
            rest = rest.dropFirst(group.count)
            if length > 0 { path.append(UInt8(ascii: "/")) }
            path += name
            try add(first, name: name, depth: depth)
            let isFolder = kind(first) == .folder
            let (folders, others) = (group.filter { kind($0) == .folder }, group.filter { kind($0) != .folder })
            if !others.dropFirst(isFolder ? 0 : 1).isEmpty || (!isFolder && !folders.isEmpty) {
                clashes.append("/" + String(decoding: path, as: UTF8.self))
            }
            if isFolder { try add(folders.flatMap { self.children(of: $0) }, depth: depth + 1) }
            path.removeSubrange(length...)
        }
    }

    private mutating func add(_ item: Item, name: [UInt8], depth: UInt16) throws {
        let source = sources[item.source]
        var entry = source.tree.entries[item.entry]
        var target = Array(source.tree.bytes[entry.target.range])
        entry.depth = depth
        entry.origin = UInt16(item.source)
        if let link = source.link {
            switch entry.kind {
            case .folder: entry.mode = Self.folderMode
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

    private static func ends(_ tree: FileTree) -> [Int] {
        var ends = [Int](repeating: tree.entries.count, count: tree.entries.count)
        var open: [Int] = []
        for (index, entry) in tree.entries.enumerated() {
            while let last = open.last, tree.entries[last].depth >= entry.depth {
                ends[last] = index
                open.removeLast()
            }
            open.append(index)
        }
        return ends
    }
}
