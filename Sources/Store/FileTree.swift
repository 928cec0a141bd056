import ByteIO
import CLinux
import Errors
import Glibc
package import OCI
package import SystemPackage
package import Tar

/// The metadata of the files below a path in the order of a layer: a directory before its entries, siblings by
/// `PathOrder`.
///
/// The tree is compact, 56 bytes per entry and the names, because a layer's whole tree is in memory while the layer is
/// written.
package struct FileTree: Sendable {
    /// A file of any kind.
    package struct Entry: Sendable {
        /// The kind.
        package var kind: Kind
        /// The permission bits with setuid, setgid and sticky: 07777.
        package var mode: UInt16
        /// The depth below the root, which has 0.
        package var depth: UInt16
        /// The index in `origins` of the file's origin.
        package var origin: UInt16 = 0
        /// The size in bytes of a file or of a link's target; the device number of a device; else 0.
        package var size: UInt64
        /// The modification time in nanoseconds since 1970.
        package var modified: Int64
        /// The change time in nanoseconds since 1970; 0 for an entry that is not of a file on this machine.
        package var changed: Int64 = 0
        /// The name in `bytes`.
        var name: Span
        /// The link's target in `bytes`.
        var target: Span
        /// The number of the entry's element of `inodes`, counted from 1; 0 if it has none.
        var inode: UInt32 = 0
    }

    /// The kind of a file.
    package enum Kind: UInt8, Sendable {
        case file, directory, link, fifo, characterDevice, blockDevice, socket
    }

    /// A range of `bytes`.
    struct Span: Sendable {
        var offset: UInt32
        var length: UInt32

        /// An empty range.
        static let empty = Span(offset: 0, length: 0)
    }

    /// A file or directory on this machine that has files of the tree.
    package struct Origin: Sendable {
        /// The absolute path on this machine.
        package var path: FilePath
        /// True if the origin is a single file, which may have any path in the tree.
        var isFile = false
        /// Whether the files are of a store path.
        var isStorePath = false
        /// The number of leading components of an entry's path in the tree that correspond to the origin's directory.
        var depth: UInt16 = 0
    }

    /// The origins of the entries' files.
    package internal(set) var origins: [Origin]
    /// The entries, the root first.
    package internal(set) var entries: [Entry] = []
    /// Additional metadata that few entries have; empty for a tree that was read without links and attributes.
    var inodes: [Inode] = []
    /// The digest of the entries' metadata including change times and inode numbers. Trees with the same fingerprint
    /// have the same contents if `hasReliableTimes`. Nil for a merged tree; see `fingerprinted()`.
    package internal(set) var fingerprint: Digest?
    /// The latest change time of the entries' inodes, in nanoseconds since 1970.
    package internal(set) var newestChange: Int64 = .min
    /// Whether the change times and inode numbers of all files identify their contents.
    package internal(set) var hasReliableTimes = true
    /// The names and link targets, each followed by a NUL; the first is the empty name of the root.
    var bytes: [UInt8] = [0]

    init(origins: [Origin]) {
        self.origins = origins
    }

    /// Reads the tree at `root`.
    ///
    /// Links are not followed, except those in the path of `root` and those that `links` resolves.
    ///
    /// - Parameters:
    ///   - facts: the metadata to read besides kind, mode, size and time.
    ///   - links: resolves links to directories, which the tree has in place of the links; nil: all links are kept.
    /// - Throws: `ToolError` with code `io` if a file cannot be read or disappears meanwhile, `data` if a directory
    ///   contains itself through a link.
    package static func walk(
        _ root: FilePath, keeping facts: Facts = .contents, following links: DirectoryLinks? = nil
    ) throws -> FileTree {
        try FileTreeWalker.walk(root, keeping: facts, following: links)
    }

    /// The name of an entry in its directory; empty for the root.
    package func name(of entry: Entry) -> String {
        String(decoding: slice(entry.name), as: UTF8.self)
    }

    /// The target of a link, byte for byte.
    package func linkTarget(of entry: Entry) -> [UInt8] {
        Array(slice(entry.target))
    }

    /// The paths of the sockets in the tree.
    package var sockets: [String] {
        var paths: [String] = []
        forEach { entry, path, _ in
            if entry.kind == .socket { paths.append(String(decoding: path, as: UTF8.self)) }
        }
        return paths
    }

    /// Calls `body` with each entry and its path relative to the root, without a leading or trailing slash; the root's
    /// path is empty. The pointers are valid during the call; the bytes are followed by a NUL.
    package func forEach(
        _ body: (_ entry: Entry, _ path: UnsafeRawBufferPointer, _ linkTarget: UnsafeRawBufferPointer) throws -> Void
    ) rethrows {
        var path: [UInt8] = []
        // The length of the path of the directory at each depth.
        var lengths: [Int] = []
        try bytes.withUnsafeBytes { bytes in
            for entry in entries {
                let depth = Int(entry.depth)
                lengths.removeSubrange(depth...)
                path.removeSubrange((lengths.last ?? 0)...)
                if !path.isEmpty { path.append(UInt8(ascii: "/")) }
                path.append(contentsOf: entry.name.slice(of: bytes))
                lengths.append(path.count)
                path.append(0)
                try path.withUnsafeBytes { path in
                    try body(entry, UnsafeRawBufferPointer(rebasing: path.dropLast()), entry.target.slice(of: bytes))
                }
            }
        }
    }

    /// Stores a link's target.
    mutating func append(_ target: [UInt8]) throws -> Span {
        try target.withUnsafeBytes { try append($0) }
    }

    /// The tree with files that are of a store path.
    package func ofStorePath(_ isStorePath: Bool) -> FileTree {
        var tree = self
        for index in tree.origins.indices { tree.origins[index].isStorePath = isStorePath }
        return tree
    }

    /// Whether an entry's file is of a store path.
    package func isOfStorePath(_ entry: Entry) -> Bool {
        // The root of nothing has no origin.
        Int(entry.origin) < origins.count && origins[Int(entry.origin)].isStorePath
    }

    /// Stores an origin.
    ///
    /// - Returns: its index.
    /// - Throws: `ToolError` with code `data` for more than 65,536 origins, which takes as many links to directories.
    mutating func append(_ origin: Origin) throws -> UInt16 {
        guard let number = UInt16(exactly: origins.count) else {
            throw ToolError(
                .data, "cannot read \(origins.first?.path.string ?? "a tree")",
                cause: "it has more than \(UInt16.max) links to directories that lead through each other",
                remedy: "set keepContentsDirlinks to true, so that links are kept, or make an image of a part of it")
        }
        origins.append(origin)
        return number
    }

    /// Stores a name or a target.
    ///
    /// - Throws: `ToolError` with code `data` if the names of the tree exceed 4 GiB.
    mutating func append(_ text: UnsafeRawBufferPointer) throws -> Span {
        guard let offset = UInt32(exactly: bytes.count), let length = UInt32(exactly: text.count) else {
            throw ToolError(
                .data, "cannot read \(origins.first?.path.string ?? "a tree")",
                cause: "its names exceed 4 GiB",
                remedy: "make an image of a part of it")
        }
        bytes.append(contentsOf: text)
        bytes.append(0)
        return Span(offset: offset, length: length)
    }

    private func slice(_ span: Span) -> ArraySlice<UInt8> {
        bytes[span.range]
    }
}

extension FileTree.Origin {
    /// The path relative to the origin's directory of the entry at `path` in the tree.
    func path(in path: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var rest = path[...]
        for _ in 0..<depth {
            rest = rest.firstIndex(of: UInt8(ascii: "/")).map { rest[($0 + 1)...] } ?? rest.suffix(0)
        }
        return UnsafeRawBufferPointer(rebasing: rest)
    }
}

extension FileTree.Span {
    /// The range in `bytes`.
    var range: Range<Int> { Int(offset)..<Int(offset) + Int(length) }

    /// The bytes of the range.
    func slice(of bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[range])
    }
}

extension FileTree {
    /// The tree with a fingerprint. For a merged tree it is computed from the metadata of its files.
    ///
    /// - Throws: `ToolError` with code `io` if a file has changed since the tree was read.
    package func fingerprinted() throws -> FileTree {
        guard fingerprint == nil else { return self }
        let hash = try SHA256()
        func add(_ text: String) { hash.update(Array("\(text.utf8.count):\(text)".utf8)) }
        let files = TreeFiles(self)
        var newest = newestChange
        add("put together")
        try forEach { entry, path, target in
            add("\(entry.kind) \(entry.mode) \(entry.size) \(file(of: entry) ?? 0) \(path.count) \(target.count)")
            hash.update(path)
            hash.update(target)
            for xattr in xattrs(of: entry) {
                add("\(xattr.name.count) \(xattr.value.count)")
                hash.update(xattr.name)
                hash.update(xattr.value)
            }
            if let attributes = attributes(of: entry) { add("\(attributes)") }
            if isOfStorePath(entry) { add("store") }
            guard entry.kind == .file, entry.size > 0 else { return }
            try files.withFile(entry, at: path) { file in
                let status = try file.status()
                let changed = status.st_ctim.nanoseconds
                newest = max(newest, changed)
                add("\(status.st_dev) \(status.st_ino) \(entry.modified) \(changed)")
            }
        }
        var tree = self
        (tree.fingerprint, tree.newestChange) = (hash.finish(), newest)
        return tree
    }
}

extension FileTree {
    /// The metadata to read.
    package enum Facts: Sendable {
        /// Kind, mode, size and time. Each name counts as a separate file, as in store paths.
        case contents
        /// The same, hard links and extended attributes.
        case linksAndAttributes
    }

    /// Additional metadata of an entry, stored separately because few entries have any.
    struct Inode: Sendable {
        /// The extended attributes, sorted by name.
        var xattrs: [TarXattr] = []
        /// The owner and time of a directory of the base image.
        var attributes: TarAttributes?
    }

    /// The extended attributes of an entry, sorted by name.
    package func xattrs(of entry: Entry) -> [TarXattr] {
        inode(of: entry)?.xattrs ?? []
    }

    /// The owner and time of a directory of the base image; nil for other entries.
    package func attributes(of entry: Entry) -> TarAttributes? {
        inode(of: entry)?.attributes
    }

    /// A number that is the same for all names of a file; nil for directories and for files without other names.
    package func file(of entry: Entry) -> UInt32? {
        entry.inode > 0 && entry.kind != .directory ? entry.inode : nil
    }

    /// Stores additional metadata.
    ///
    /// - Parameter isShared: true if other entries may be names of the same file.
    /// - Returns: the number for the entry; 0 if there is nothing to store.
    mutating func append(_ inode: Inode, isShared: Bool = false) -> UInt32 {
        guard isShared || !inode.xattrs.isEmpty || inode.attributes != nil else { return 0 }
        inodes.append(inode)
        return UInt32(inodes.count)
    }

    private func inode(of entry: Entry) -> Inode? {
        entry.inode > 0 ? inodes[Int(entry.inode) - 1] : nil
    }
}
