import Digests
import Failures
import Glibc
import SystemPackage
import Tar

/// Reads a tree with folder descriptors, so that a folder that moves or turns into a link is never left.
struct FileTreeWalker {
    private var tree: FileTree
    private let hash: SHA256

    static func walk(_ root: FilePath) throws -> FileTree {
        var walker = try FileTreeWalker(tree: FileTree(origins: [FileTree.Origin(path: root)]), hash: SHA256())
        var status = stat()
        guard root.withPlatformString({ lstat($0, &status) }) == 0 else { throw Failure.io("cannot read \(root)") }
        let kind = try walker.add(name: .empty, status, depth: 0, folder: AT_FDCWD, parent: root)
        walker.tree.origins[0].isFile = kind != .folder
        if kind == .folder {
            let descriptor = root.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
            try walker.addChildren(of: descriptor, depth: 1, path: root)
        }
        walker.tree.fingerprint = walker.hash.finish()
        return walker.tree
    }

    /// Adds what a folder holds, and closes its descriptor.
    private mutating func addChildren(of descriptor: Int32, depth: UInt16, path: FilePath) throws {
        guard descriptor >= 0, let stream = fdopendir(descriptor) else {
            let failure = Failure.io("cannot open the folder \(path)")
            if descriptor >= 0 { close(descriptor) }
            throw failure
        }
        defer { closedir(stream) }
        for name in try names(in: stream, path: path) {
            var status = stat()
            guard withName(name, { fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else {
                throw Failure.io("cannot read \(self.path(path, name))")
            }
            let kind = try add(name: name, status, depth: depth, folder: descriptor, parent: path)
            guard kind == .folder else { continue }
            let child = withName(name) { openat(descriptor, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
            guard depth < UInt16.max else {
                throw Failure(
                    .data, "cannot read \(self.path(path, name))", why: "its folders lie \(depth) deep",
                    advice: "leave such a tree out of the image")
            }
            try addChildren(of: child, depth: depth + 1, path: self.path(path, name))
        }
    }

    /// The names in a folder, in order.
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
        guard errno == 0 else { throw Failure.io("cannot read the folder \(path)") }
        tree.bytes.withUnsafeBytes { bytes in
            names.sort { PathOrder.precedes($0.slice(of: bytes), $1.slice(of: bytes)) }
        }
        return names
    }

    private mutating func add(
        name: FileTree.Span, _ status: stat, depth: UInt16, folder: Int32, parent: FilePath
    ) throws -> FileTree.Kind {
        let kind = FileTree.Kind(mode: status.st_mode)
        let modified = Self.nanoseconds(status.st_mtim)
        let changed = Self.nanoseconds(status.st_ctim)
        var entry = FileTree.Entry(
            kind: kind, mode: UInt16(status.st_mode & 0o7777), depth: depth, size: 0, modified: modified, name: name,
            target: .empty)
        switch kind {
        case .file: entry.size = UInt64(status.st_size)
        case .link:
            entry.target = try readLink(name, folder: folder, parent: parent)
            entry.size = UInt64(entry.target.length)
        case .characterDevice, .blockDevice: entry.size = UInt64(status.st_rdev)
        case .folder, .fifo, .socket: break
        }
        tree.entries.append(entry)
        tree.newestChange = max(tree.newestChange, changed)
        fingerprint(entry, status, changed)
        return kind
    }

    private mutating func readLink(
        _ name: FileTree.Span, folder: Int32, parent: FilePath
    ) throws -> FileTree.Span {
        // Some file systems give links no size; PATH_MAX holds the target of any.
        let capacity = Int(PATH_MAX)
        let target = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            buffer.withMemoryRebound(to: CChar.self) { chars in
                guard let start = chars.baseAddress else { return }
                let length =
                    folder == AT_FDCWD
                    ? parent.withPlatformString { readlink($0, start, capacity) }
                    : withName(name) { readlinkat(folder, $0, start, capacity) }
                count = max(0, length)
            }
        }
        guard !target.isEmpty else { throw Failure.io("cannot read the link \(path(parent, name))") }
        return try target.withUnsafeBytes { try tree.append($0) }
    }

    /// Adds what the file system says of an entry to the fingerprint.
    private mutating func fingerprint(_ entry: FileTree.Entry, _ status: stat, _ changed: Int64) {
        var facts: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (
            UInt64(entry.depth) << 32 | UInt64(status.st_mode), entry.size, UInt64(bitPattern: entry.modified),
            UInt64(bitPattern: changed), UInt64(status.st_ino), UInt64(status.st_dev)
        )
        withUnsafeBytes(of: &facts) { hash.update($0) }
        tree.bytes.withUnsafeBytes { bytes in
            // With the NUL behind each, so that no two trees spell the same.
            hash.update(
                UnsafeRawBufferPointer(rebasing: bytes[entry.name.range.lowerBound...entry.name.range.upperBound]))
            if entry.kind == .link { hash.update(entry.target.slice(of: bytes)) }
        }
    }

    private func withName<Result>(_ name: FileTree.Span, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        tree.bytes.withUnsafeBytes { bytes in
            // The NUL behind the name is in the bytes too.
            guard let start = bytes.baseAddress else { return "".withCString(body) }
            return body((start + Int(name.offset)).assumingMemoryBound(to: CChar.self))
        }
    }

    private func path(_ folder: FilePath, _ name: FileTree.Span) -> FilePath {
        withName(name) { $0.pointee == 0 ? folder : folder.appending(String(cString: $0)) }
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

extension FileTree.Kind {
    init(mode: mode_t) {
        switch mode & S_IFMT {
        case S_IFDIR: self = .folder
        case S_IFLNK: self = .link
        case S_IFIFO: self = .fifo
        case S_IFCHR: self = .characterDevice
        case S_IFBLK: self = .blockDevice
        case S_IFSOCK: self = .socket
        default: self = .file
        }
    }
}
