import ByteIO
import Errors
import SystemPackage

extension FileTree {
    /// Adapts the tree to a base that it is laid over.
    ///
    /// Where the base has a link to a directory, the entries of the tree's directory move to the link's target.
    /// Directories of the base keep their modes, owners and times. If two entries get the same path, the one that did
    /// not move wins.
    ///
    /// - Throws: `ToolError` with code `data` for too many origins or names.
    package func laid(over base: some BaseDirectories) throws -> FileTree {
        var tree = try redirected(through: base)
        var directories: [(index: Int, directory: BaseDirectory)] = []
        var index = 0
        tree.forEach { entry, path, _ in
            if entry.kind == .directory, !path.isEmpty, let directory = base.directory(at: Array(path)) {
                directories.append((index, directory))
            }
            index += 1
        }
        for (index, directory) in directories {
            tree.entries[index].mode = directory.mode
            tree.entries[index].inode = tree.append(Inode(xattrs: directory.xattrs, attributes: directory.attributes))
            tree.fingerprint = nil
        }
        return tree
    }

    /// Moves the entries of directories to the targets of the base's links with the same paths.
    func redirected(through base: some BaseDirectories) throws -> FileTree {
        var common = FileTree(origins: origins)
        common.inodes = inodes
        var redirection = TreeRedirection(base: base, common: common)
        try redirection.add(TreeIndex(self), from: 1)
        guard redirection.pieces.count > 1 else { return self }
        var merged = try TreeMerger.merge(redirection.pieces.map { .copied($0, name: "") }, .firstWins).tree
        (merged.origins, merged.inodes) = (redirection.common.origins, redirection.common.inodes)
        (merged.newestChange, merged.hasReliableTimes) = (newestChange, hasReliableTimes)
        return merged
    }
}

/// Splits a tree into pieces: first the entries that stay, then a tree for each directory that moves, in its new place.
private struct TreeRedirection<Base: BaseDirectories> {
    let base: Base
    /// The origins and inodes of all pieces. It has no entries.
    var common: FileTree
    /// The pieces, without origins and inodes.
    var pieces: [FileTree] = []

    /// Adds the pieces of a tree.
    ///
    /// - Parameter depth: the depth of the first directories that may move; those above are in their final places.
    mutating func add(_ index: TreeIndex, from depth: UInt16) throws {
        var moves: [(entry: Int, path: [UInt8], place: [UInt8])] = []
        var (number, end) = (0, 0)
        index.tree.forEach { entry, path, _ in
            defer { number += 1 }
            guard number >= end, entry.kind == .directory, entry.depth >= depth else { return }
            let path = Array(path)
            if let place = base.resolve(path), place != path {
                moves.append((number, path, place))
                end = index.ends[number]
            }
        }
        var rest = FileTree(origins: [])
        (rest.bytes, rest.entries) = (index.tree.bytes, [])
        var next = 0
        for move in moves {
            rest.entries += index.tree.entries[next..<move.entry]
            next = index.ends[move.entry]
        }
        rest.entries += index.tree.entries[next...]
        pieces.append(rest)
        for move in moves {
            let piece = try moved(index, move.entry, from: move.path, to: move.place)
            try add(TreeIndex(piece.tree), from: piece.depth + 1)
        }
    }

    /// Makes a tree of one directory in its new place.
    private mutating func moved(
        _ index: TreeIndex, _ directory: Int, from path: [UInt8], to place: [UInt8]
    ) throws -> (tree: FileTree, depth: UInt16) {
        var tree = FileTree(origins: [])
        var root = index.tree.entries[0]
        (root.name, root.depth) = (.empty, 0)
        tree.entries = [root]
        let components = place.split(separator: UInt8(ascii: "/"))
        let old = index.tree.entries[directory]
        for (number, name) in components.enumerated() {
            var entry = old
            if number < components.count - 1 {
                let parent = components[...number].joined(separator: [UInt8(ascii: "/")])
                let known = base.directory(at: Array(parent)) ?? BaseDirectory(mode: TreeMerger.directoryMode)
                entry.mode = known.mode
                entry.inode = common.append(FileTree.Inode(xattrs: known.xattrs, attributes: known.attributes))
            }
            entry.depth = UInt16(number + 1)
            entry.name = try tree.append(Array(name))
            tree.entries.append(entry)
        }
        let depth = UInt16(components.count)
        var places: [UInt16: UInt16] = [:]
        for number in (directory + 1)..<max(directory + 1, index.ends[directory]) {
            var entry = index.tree.entries[number]
            let newDepth = Int(entry.depth) - Int(old.depth) + Int(depth)
            guard let newDepth = UInt16(exactly: newDepth) else {
                throw ToolError(
                    .data, "cannot lay a tree over a directory",
                    cause: "its directories are nested more than \(UInt16.max) deep",
                    remedy: "leave the directory out of the image")
            }
            entry.depth = newDepth
            entry.name = try tree.append(Array(index.name(of: number)))
            if entry.kind == .link { entry.target = try tree.append(index.tree.linkTarget(of: entry)) }
            if let known = places[entry.origin] {
                entry.origin = known
            } else {
                let origin = try self.origin(entry.origin, below: path, depth: old.depth, at: depth)
                places[entry.origin] = origin
                entry.origin = origin
            }
            tree.entries.append(entry)
        }
        return (tree, depth)
    }

    /// The origin for entries of a directory that moves from one depth to another.
    private mutating func origin(
        _ number: UInt16, below path: [UInt8], depth: UInt16, at newDepth: UInt16
    ) throws -> UInt16 {
        var origin = common.origins[Int(number)]
        if origin.isFile { return number }
        if origin.depth <= depth {
            let inner = path.split(separator: UInt8(ascii: "/")).dropFirst(Int(origin.depth))
            origin.path.push(FilePath(bytes: inner.joined(separator: [UInt8(ascii: "/")])))
            origin.depth = newDepth
        } else {
            origin.depth = origin.depth - depth + newDepth
        }
        return try common.append(origin)
    }
}
