import ByteIO
import CLinux
import Errors
import Glibc
import OCI
import SystemPackage
import Tar

/// Reads a tree through directory descriptors, so that a directory that is moved or replaced meanwhile does no harm.
struct FileTreeWalker {
    /// The identity of a file.
    private struct Identity: Hashable {
        let device: dev_t
        let inode: ino_t

        init(_ status: stat) { (device, inode) = (status.st_dev, status.st_ino) }
    }

    private static let directoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

    private var tree: FileTree
    private let hash: SHA256
    private let facts: FileTree.Facts
    private let links: DirectoryLinks?
    /// The inode numbers in the tree of files with several names.
    private var shared: [Identity: UInt32] = [:]
    /// The directories from the root to the current one.
    private var ancestors: [Identity] = []
    /// The origin of the entries that are added.
    private var origin: UInt16 = 0
    /// The number of entries that were reached through links.
    private var linkedEntries = 0
    /// Whether the change times of the files on a device are reliable.
    private var reliableDevices: [dev_t: Bool] = [:]

    /// Whether files can be reached through `/proc/self/fd`.
    private static let isProcMounted = access("/proc/self/fd", X_OK) == 0

    private init(_ root: FilePath, _ facts: FileTree.Facts, _ links: DirectoryLinks?) throws {
        tree = FileTree(origins: [FileTree.Origin(path: root)])
        hash = try SHA256()
        self.facts = facts
        self.links = links
        // The same files make a different layer if links and attributes are kept.
        if facts == .linksAndAttributes { hash.update(Array("links and attributes".utf8)) }
    }

    /// Reads the tree at `root`; see `FileTree.walk`.
    static func walk(_ root: FilePath, keeping facts: FileTree.Facts, following links: DirectoryLinks?) throws
        -> FileTree
    {
        var walker = try FileTreeWalker(root, facts, links)
        var status = stat()
        guard root.withPlatformString({ lstat($0, &status) }) == 0 else { throw ToolError.io("cannot read \(root)") }
        let kind = try walker.add(name: .empty, status, depth: 0, directory: AT_FDCWD, parent: root)
        walker.tree.origins[0].isFile = kind != .directory
        if kind == .directory {
            let descriptor = root.withPlatformString { open($0, directoryFlags) }
            walker.ancestors = [Identity(status)]
            try walker.addChildren(of: descriptor, depth: 1, path: root)
        }
        walker.tree.fingerprint = walker.hash.finish()
        return walker.tree
    }

    /// Adds the entries of a directory and closes its descriptor.
    private mutating func addChildren(of descriptor: Int32, depth: UInt16, path: FilePath) throws {
        guard descriptor >= 0, let stream = fdopendir(descriptor) else {
            let failure = ToolError.io("cannot open the directory \(path)")
            if descriptor >= 0 { close(descriptor) }
            throw failure
        }
        defer { closedir(stream) }
        for name in try names(in: stream, path: path) {
            var status = stat()
            guard withName(name, { fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else {
                throw ToolError.io("cannot read \(self.path(path, name))")
            }
            if let links, FileTree.Kind(mode: status.st_mode) == .link {
                let target = try readLink(name, directory: descriptor, parent: path)
                if let directory = links.directory(target, from: path, below: tree.origins[0].path) {
                    try addDirectory(at: directory, name: name, depth: depth, link: self.path(path, name))
                    continue
                }
            }
            let kind = try add(name: name, status, depth: depth, directory: descriptor, parent: path)
            guard kind == .directory else { continue }
            let child = withName(name) { openat(descriptor, $0, Self.directoryFlags) }
            try enter(child, Identity(status), depth: depth, path: self.path(path, name), name: self.path(path, name))
        }
    }

    /// Adds a directory and its entries in place of a link to it.
    private mutating func addDirectory(at path: FilePath, name: FileTree.Span, depth: UInt16, link: FilePath) throws {
        let descriptor = path.withPlatformString { open($0, Self.directoryFlags) }
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
            let failure = ToolError.io("cannot open the directory \(path), the target of the link \(link)")
            if descriptor >= 0 { close(descriptor) }
            throw failure
        }
        let before = origin
        defer { origin = before }
        do {
            origin = try tree.append(FileTree.Origin(path: path, depth: depth))
            _ = try add(name: name, status, depth: depth, directory: AT_FDCWD, parent: path)
        } catch {
            close(descriptor)
            throw error
        }
        try enter(descriptor, Identity(status), depth: depth, path: path, name: link)
    }

    /// Adds the entries of a directory at `depth` and closes its descriptor.
    ///
    /// - Parameters:
    ///   - path: the directory's path.
    ///   - name: its path in errors.
    /// - Throws: `ToolError` with code `data` if the directory is its own ancestor.
    private mutating func enter(
        _ descriptor: Int32, _ identity: Identity, depth: UInt16, path: FilePath, name: FilePath
    ) throws {
        guard depth < UInt16.max else {
            close(descriptor)
            throw ToolError(
                .data, "cannot read \(name)", cause: "its directories are nested \(depth) deep",
                remedy: "leave the directory out of the image")
        }
        guard !ancestors.contains(identity) else {
            close(descriptor)
            throw ToolError(
                .data, "cannot copy the directory \(name)",
                cause: "a link leads back to a directory above it, so that the copy would have no end",
                remedy: "set keepContentsDirlinks to true, so that links are kept, or leave the link out")
        }
        ancestors.append(identity)
        try addChildren(of: descriptor, depth: depth + 1, path: path)
        ancestors.removeLast()
    }

    /// The names in a directory, sorted by `PathOrder`.
    private mutating func names(in stream: OpaquePointer, path: FilePath) throws -> [FileTree.Span] {
        var names: [FileTree.Span] = []
        while true {
            errno = 0
            guard let item = readdir(stream) else { break }
            let name = UnsafeRawPointer(item) + (MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 0)
            let length = strlen(name.assumingMemoryBound(to: CChar.self))
            let bytes = UnsafeRawBufferPointer(start: name, count: length)
            if bytes.elementsEqual([UInt8(ascii: ".")]) || bytes.elementsEqual("..".utf8) { continue }
            names.append(try tree.append(bytes))
        }
        guard errno == 0 else { throw ToolError.io("cannot read the directory \(path)") }
        tree.bytes.withUnsafeBytes { bytes in
            names.sort { PathOrder.precedes($0.slice(of: bytes), $1.slice(of: bytes)) }
        }
        return names
    }

    /// Adds one entry.
    private mutating func add(
        name: FileTree.Span, _ status: stat, depth: UInt16, directory: Int32, parent: FilePath
    ) throws -> FileTree.Kind {
        try countLinked()
        let kind = FileTree.Kind(mode: status.st_mode)
        let modified = status.st_mtim.nanoseconds
        let changed = status.st_ctim.nanoseconds
        var entry = FileTree.Entry(
            kind: kind, mode: UInt16(status.st_mode & 0o7777), depth: depth, origin: origin, size: 0,
            modified: modified, changed: changed, name: name, target: .empty)
        switch kind {
        case .file: entry.size = UInt64(status.st_size)
        case .link:
            entry.target = try tree.append(readLink(name, directory: directory, parent: parent))
            entry.size = UInt64(entry.target.length)
        case .characterDevice, .blockDevice: entry.size = UInt64(status.st_rdev)
        case .directory, .fifo, .socket: break
        }
        if facts == .linksAndAttributes {
            entry.inode = try inode(kind, status, name, directory: directory, parent: parent)
        }
        tree.entries.append(entry)
        tree.newestChange = max(tree.newestChange, changed)
        if tree.hasReliableTimes {
            tree.hasReliableTimes =
                ChangeTimes.identify(
                    inode: UInt64(status.st_ino), changed: changed, device: UInt64(status.st_dev))
                && isReliable(status.st_dev, name, directory: directory, parent: parent)
        }
        fingerprint(entry, status, changed)
        return kind
    }

    /// Whether the change times on the device of a file are reliable.
    private mutating func isReliable(
        _ device: dev_t, _ name: FileTree.Span, directory: Int32, parent: FilePath
    ) -> Bool {
        if let known = reliableDevices[device] { return known }
        let descriptor =
            directory == AT_FDCWD
            ? parent.withPlatformString { clinux_open_place_of(directory, $0) }
            : withName(name) { clinux_open_place_of(directory, $0) }
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let isReliable = ChangeTimes.areReliable(on: descriptor, device: UInt64(device))
        reliableDevices[device] = isReliable
        return isReliable
    }

    /// Counts an entry that was reached through a link. Such entries have an origin other than the root.
    private mutating func countLinked() throws {
        guard let links, origin > 0 else { return }
        linkedEntries += 1
        guard linkedEntries <= links.entryLimit else {
            throw ToolError(
                .data, "cannot copy the directory \(tree.origins[0].path)",
                cause: "its links to directories add more than \(links.entryLimit) files",
                remedy: "set keepContentsDirlinks to true, so that links are kept, or leave some of them out")
        }
    }

    /// The number of a file's entry in the tree's inodes, the same for all its names; 0 if it needs none.
    private mutating func inode(
        _ kind: FileTree.Kind, _ status: stat, _ name: FileTree.Span, directory: Int32, parent: FilePath
    ) throws -> UInt32 {
        let isShared = kind != .directory && status.st_nlink > 1
        if isShared, let known = shared[Identity(status)] { return known }
        let path = self.path(parent, name)
        // Through the directory's descriptor, because paths of deeply nested files exceed PATH_MAX.
        let readable =
            directory == AT_FDCWD
            ? parent : Self.isProcMounted ? self.path(FilePath("/proc/self/fd/\(directory)"), name) : path
        let inode = FileTree.Inode(xattrs: try readable.withPlatformString { try ExtendedAttributes.read($0) { path } })
        guard isShared else { return tree.append(inode) }
        let number = tree.append(inode, isShared: true)
        shared[Identity(status)] = number
        return number
    }

    /// The target of a link.
    private func readLink(_ name: FileTree.Span, directory: Int32, parent: FilePath) throws -> [UInt8] {
        // Some file systems report no size for links. No target is longer than PATH_MAX.
        let capacity = Int(PATH_MAX)
        let target = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            buffer.withMemoryRebound(to: CChar.self) { chars in
                guard let start = chars.baseAddress else { return }
                let length =
                    directory == AT_FDCWD
                    ? parent.withPlatformString { readlink($0, start, capacity) }
                    : withName(name) { readlinkat(directory, $0, start, capacity) }
                count = max(0, length)
            }
        }
        guard !target.isEmpty else { throw ToolError.io("cannot read the link \(path(parent, name))") }
        return target
    }

    /// Adds the metadata of an entry to the fingerprint.
    private mutating func fingerprint(_ entry: FileTree.Entry, _ status: stat, _ changed: Int64) {
        var facts: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (
            UInt64(entry.depth) << 32 | UInt64(status.st_mode), entry.size, UInt64(bitPattern: entry.modified),
            UInt64(bitPattern: changed), UInt64(status.st_ino), UInt64(status.st_dev)
        )
        withUnsafeBytes(of: &facts) { hash.update($0) }
        tree.bytes.withUnsafeBytes { bytes in
            // With the NUL after the name, so that different trees have different input.
            hash.update(
                UnsafeRawBufferPointer(rebasing: bytes[entry.name.range.lowerBound...entry.name.range.upperBound]))
            if entry.kind == .link { hash.update(entry.target.slice(of: bytes)) }
        }
    }

    private func withName<Result>(_ name: FileTree.Span, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        tree.bytes.withUnsafeBytes { bytes in
            // The name is followed by a NUL.
            guard let start = bytes.baseAddress else { return "".withCString(body) }
            return body((start + Int(name.offset)).assumingMemoryBound(to: CChar.self))
        }
    }

    private func path(_ directory: FilePath, _ name: FileTree.Span) -> FilePath {
        withName(name) { FilePath.Component(platformString: $0).map(directory.appending) ?? directory }
    }
}

extension FileTree.Kind {
    /// The kind for the type bits of a mode (inode(7)); unknown types count as files.
    init(mode: mode_t) {
        switch mode & S_IFMT {
        case S_IFDIR: self = .directory
        case S_IFLNK: self = .link
        case S_IFIFO: self = .fifo
        case S_IFCHR: self = .characterDevice
        case S_IFBLK: self = .blockDevice
        case S_IFSOCK: self = .socket
        default: self = .file
        }
    }
}
