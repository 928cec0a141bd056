import ByteIO
import CLinux
import Errors
import Glibc
import OCI
import SystemPackage
import Tar

/// The files below a path, as metadata alone, in the order that a layer has them: a directory before what it holds, and
/// siblings by `PathOrder`.
///
/// Compact, since the whole tree of a layer is in memory while the layer is written: 48 bytes an entry, and the names.
package struct FileTree: Sendable {
    /// One file, directory, link or other thing.
    package struct Entry: Sendable {
        package var kind: Kind
        /// Permission bits with setuid, setgid and sticky: 07777.
        package var mode: UInt16
        /// How far below the root: 0 for the root itself.
        package var depth: UInt16
        /// Which of the tree's origins holds the file.
        package var origin: UInt16 = 0
        /// Bytes of a file, or of a link's target; the device number of a device; else 0.
        package var size: UInt64
        /// When the contents last changed, in nanoseconds since 1970.
        package var modified: Int64
        var name: Span
        var target: Span
        /// Where in the tree's `inodes` stands what few entries have, counted from 1; 0 for those that have nothing there.
        var inode: UInt32 = 0
    }

    /// What an entry is.
    package enum Kind: UInt8, Sendable {
        case file, directory, link, fifo, characterDevice, blockDevice, socket
    }

    /// A stretch of `bytes`.
    struct Span: Sendable {
        var offset: UInt32
        var length: UInt32

        static let empty = Span(offset: 0, length: 0)
    }

    /// Where on this machine files of the tree lie.
    package struct Origin: Sendable {
        package var path: FilePath
        /// The path is that of a file, which may stand elsewhere in the tree; else of a directory.
        var isFile = false
        /// How many components of an entry's path in the tree lead to the origin's directory; the others lead on in it.
        var depth: UInt16 = 0
    }

    /// Where the entries' files lie.
    package internal(set) var origins: [Origin]
    package internal(set) var entries: [Entry] = []
    /// What few entries have besides: empty for a tree that was read without links and attributes.
    var inodes: [Inode] = []
    /// The digest of all that the file system says of the entries, times of change and inodes too: what has the same
    /// fingerprint has the same contents. Nil for a tree that was put together, unless it was asked for.
    package internal(set) var fingerprint: Digest?
    /// When the last of the entries' inodes changed, in nanoseconds since 1970.
    package internal(set) var newestChange: Int64 = .min
    /// Names and link targets, each with a NUL behind it; the first is the empty name of the root.
    var bytes: [UInt8] = [0]

    init(origins: [Origin]) {
        self.origins = origins
    }

    /// Reads the tree at `root`. Links are not followed, but for those on the way to `root` and those that `links` knows.
    ///
    /// - Parameters:
    ///   - facts: what is read of the files besides kind, mode, size and time.
    ///   - links: finds the directories that stand in the tree in the place of links to them; nil: links stay links.
    /// - Throws: `ToolError` with code `io` where something cannot be read, or vanishes while it is; with code `data` for
    ///   directories that hold themselves by way of a link.
    package static func walk(
        _ root: FilePath, keeping facts: Facts = .contents, following links: DirectoryLinks? = nil
    ) throws -> FileTree {
        try FileTreeWalker.walk(root, keeping: facts, following: links)
    }

    /// The name of an entry in its directory; that of the root is empty.
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

    /// Calls `body` with each entry and its path below the root, without a slash before or behind it; the root's own
    /// path is empty. The bytes behind the pointer are there for the time of the call, a NUL behind them.
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

    /// Keeps a link's target.
    mutating func append(_ target: [UInt8]) throws -> Span {
        try target.withUnsafeBytes { try append($0) }
    }

    /// Keeps a place where files lie.
    ///
    /// - Throws: `ToolError` if the files of one tree lie in more than 65,536 places: so many links to directories.
    mutating func append(_ origin: Origin) throws -> UInt16 {
        guard let number = UInt16(exactly: origins.count) else {
            throw ToolError(
                .data, "cannot read \(origins.first?.path.string ?? "a tree")",
                cause: "more than \(UInt16.max) links to directories lead on through one another in it",
                remedy: "set keepContentsDirlinks to true, so that links stay links, or make an image of a part of it")
        }
        origins.append(origin)
        return number
    }

    /// Keeps a name or a target.
    ///
    /// - Throws: `ToolError` if the names of one tree come to more than 4 GiB.
    mutating func append(_ text: UnsafeRawBufferPointer) throws -> Span {
        guard let offset = UInt32(exactly: bytes.count), let length = UInt32(exactly: text.count) else {
            throw ToolError(
                .data, "cannot read \(origins.first?.path.string ?? "a tree")",
                cause: "its names come to more than 4 GiB",
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
    /// The path below the origin's directory of what lies at `path` in the tree.
    func path(in path: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var rest = path[...]
        for _ in 0..<depth {
            rest = rest.firstIndex(of: UInt8(ascii: "/")).map { rest[($0 + 1)...] } ?? rest.suffix(0)
        }
        return UnsafeRawBufferPointer(rebasing: rest)
    }
}

extension FileTree.Span {
    var range: Range<Int> { Int(offset)..<Int(offset) + Int(length) }

    func slice(of bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[range])
    }
}

extension FileTree {
    /// The tree with a fingerprint, one that was put together too: its files are looked at, and not read.
    ///
    /// - Throws: `ToolError` with code `io` for a file that is not what it was when the tree was read.
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
    /// What is read of the files of a tree.
    package enum Facts: Sendable {
        /// Kind, mode, size and time: each name is a file of its own, as store paths have it.
        case contents
        /// Which names are names of one file too (hard links), and extended attributes.
        case linksAndAttributes
    }

    /// What few entries have, in a table of its own so that all others stay small.
    struct Inode: Sendable {
        var xattrs: [TarXattr] = []
        /// Owner and time of a directory as the base image has them.
        var attributes: TarAttributes?
    }

    /// The extended attributes of an entry, by name.
    package func xattrs(of entry: Entry) -> [TarXattr] {
        inode(of: entry)?.xattrs ?? []
    }

    /// Owner and time of a directory that the base image has; nil for what is new.
    package func attributes(of entry: Entry) -> TarAttributes? {
        inode(of: entry)?.attributes
    }

    /// A number that entries share if they are names of one file. Nil for directories, and for files that surely have no
    /// other name.
    package func file(of entry: Entry) -> UInt32? {
        entry.inode > 0 && entry.kind != .directory ? entry.inode : nil
    }

    /// Keeps what an entry has besides.
    ///
    /// - Parameter isShared: whether other entries may be names of the same file.
    /// - Returns: the number for the entry, 0 for nothing.
    mutating func append(_ inode: Inode, isShared: Bool = false) -> UInt32 {
        guard isShared || !inode.xattrs.isEmpty || inode.attributes != nil else { return 0 }
        inodes.append(inode)
        return UInt32(inodes.count)
    }

    private func inode(of entry: Entry) -> Inode? {
        entry.inode > 0 ? inodes[Int(entry.inode) - 1] : nil
    }
}

extension FileTree {
    /// Makes the tree's files in a directory that is there and empty, so that a script can change them.
    ///
    /// Names of one file become hard links. Directories get the attributes and modes that the tree gives them when all is in
    /// them.
    ///
    /// - Throws: `ToolError` with code `io`, as for attributes that only root may set, or `data` for devices and FIFOs, which
    ///   are not made on this machine.
    package func make(in directory: FilePath) throws {
        let root = directory.withPlatformString { clinux_open_place($0) }
        guard root >= 0 else { throw ToolError.io("cannot open the directory \(directory)") }
        defer { close(root) }
        let files = TreeFiles(self)
        var directories: [(path: [CChar], entry: Entry)] = []
        // The first name of each file that may have others.
        var names: [UInt32: [CChar]] = [:]
        try forEach { entry, path, target in
            guard !path.isEmpty, let name = path.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
            let machinePath = { directory.appending(String(cString: name)) }
            let place = { "cannot make \(machinePath())" }
            if let file = file(of: entry) {
                if let first = names[file] {
                    guard linkat(root, first, root, name, 0) == 0 else { throw ToolError.io(place()) }
                    return
                }
                names[file] = path.map { CChar(bitPattern: $0) } + [0]
            }
            switch entry.kind {
            case .directory:
                guard mkdirat(root, name, 0o700) == 0 else { throw ToolError.io(place()) }
                directories.append((path.map { CChar(bitPattern: $0) } + [0], entry))
            case .link:
                guard let target = target.baseAddress?.assumingMemoryBound(to: CChar.self),
                    symlinkat(target, root, name) == 0
                else { throw ToolError.io(place()) }
            case .file:
                try files.withFile(entry, at: path) { file in
                    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
                    let copy = openat(root, name, flags, mode_t(0o600))
                    guard copy >= 0 else { throw ToolError.io(place()) }
                    defer { close(copy) }
                    try Self.copy(entry.size, from: file, to: copy, place)
                    // Before the mode, which may let nobody write, and behind the contents, which would take them away.
                    for xattr in xattrs(of: entry) { try ExtendedAttributes.set(xattr, of: copy, name: machinePath) }
                    guard fchmod(copy, mode_t(entry.mode)) == 0 else { throw ToolError.io(place()) }
                }
            case .socket: break
            case .fifo, .characterDevice, .blockDevice:
                throw ToolError(
                    .data, place(), cause: "it is a device or a FIFO, which no script on this machine gets",
                    remedy: "leave it out of contents, or leave out the commands")
            }
        }
        for (name, entry) in directories.reversed() {
            let machinePath = { directory.pushing(FilePath(platformString: name)) }
            let place = clinux_open_beneath(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard place >= 0 else { throw ToolError.io("cannot open the directory \(machinePath())") }
            defer { close(place) }
            for xattr in xattrs(of: entry) { try ExtendedAttributes.set(xattr, of: place, name: machinePath) }
            guard fchmod(place, mode_t(entry.mode)) == 0 else {
                throw ToolError.io("cannot set the mode of the directory \(machinePath())")
            }
        }
    }

    private static func copy(_ size: UInt64, from file: TreeFile, to copy: Int32, _ place: () -> String) throws {
        var rest = Int(size)
        while rest > 0 {
            let count = sendfile(copy, file.descriptor, nil, rest)
            if count == 0 { throw TarBodyTooShort() }
            if count < 0 {
                if errno == EINTR { continue }
                throw ToolError.io(place())
            }
            rest -= count
        }
    }
}
