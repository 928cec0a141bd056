import Digests
import Failures
import Glibc
import SystemPackage
import Tar

/// The files below a path, as metadata alone, in the order that a layer has them: a folder before what it holds, and
/// siblings by `PathOrder`.
///
/// Compact, since the whole tree of a layer is in memory while the layer is written: 48 bytes an entry, and the names.
public struct FileTree: Sendable {
    /// One file, folder, link or other thing.
    public struct Entry: Sendable {
        public var kind: Kind
        /// Permission bits with setuid, setgid and sticky: 07777.
        public var mode: UInt16
        /// How far below the root: 0 for the root itself.
        public var depth: UInt16
        /// Which of the tree's origins holds the file.
        public var origin: UInt16 = 0
        /// Bytes of a file, or of a link's target; the device number of a device; else 0.
        public var size: UInt64
        /// When the contents last changed, in nanoseconds since 1970.
        public var modified: Int64
        var name: Span
        var target: Span
        /// Where in the tree's `inodes` stands what few entries have, counted from 1; 0 for those that have nothing there.
        var inode: UInt32 = 0
    }

    /// What an entry is.
    public enum Kind: UInt8, Sendable {
        case file, folder, link, fifo, characterDevice, blockDevice, socket
    }

    /// A stretch of `bytes`.
    struct Span: Sendable {
        var offset: UInt32
        var length: UInt32

        static let empty = Span(offset: 0, length: 0)
    }

    /// Where on this machine files of the tree lie.
    public struct Origin: Sendable {
        public var path: FilePath
        /// The path is that of a file, which may stand elsewhere in the tree; else of a folder.
        var isFile = false
        /// How many components of an entry's path in the tree lead to the origin's folder; the others lead on in it.
        var depth: UInt16 = 0
    }

    /// Where the entries' files lie.
    public internal(set) var origins: [Origin]
    public internal(set) var entries: [Entry] = []
    /// What few entries have besides: empty for a tree that was read without links and attributes.
    var inodes: [Inode] = []
    /// The digest of all that the file system says of the entries, times of change and inodes too: what has the same
    /// fingerprint has the same contents. Nil for a tree that was put together, unless it was asked for.
    public internal(set) var fingerprint: Digest?
    /// When the last of the entries' inodes changed, in nanoseconds since 1970.
    public internal(set) var newestChange: Int64 = .min
    /// Names and link targets, each with a NUL behind it; the first is the empty name of the root.
    var bytes: [UInt8] = [0]

    init(origins: [Origin]) {
        self.origins = origins
    }

    /// Reads the tree at `root`. Links are not followed, but for those on the way to `root` and those that `links` knows.
    ///
    /// - Parameters:
    ///   - facts: what is read of the files besides kind, mode, size and time.
    ///   - links: finds the folders that stand in the tree in the place of links to them; nil: links stay links.
    /// - Throws: `Failure` with code `io` where something cannot be read, or vanishes while it is; with code `data` for
    ///   folders that hold themselves by way of a link.
    public init(walking root: FilePath, keeping facts: Facts = .contents, following links: FolderLinks? = nil) throws {
        self = try FileTreeWalker.walk(root, keeping: facts, following: links)
    }

    /// The name of an entry in its folder; that of the root is empty.
    public func name(of entry: Entry) -> String {
        String(decoding: slice(entry.name), as: UTF8.self)
    }

    /// The target of a link, byte for byte.
    public func linkTarget(of entry: Entry) -> [UInt8] {
        Array(slice(entry.target))
    }

    /// The paths of the sockets in the tree.
    public var sockets: [String] {
        var paths: [String] = []
        forEach { entry, path, _ in
            if entry.kind == .socket { paths.append(String(decoding: path, as: UTF8.self)) }
        }
        return paths
    }

    /// Calls `body` with each entry and its path below the root, without a slash before or behind it; the root's own
    /// path is empty. The bytes behind the pointer are there for the time of the call, a NUL behind them.
    public func forEach(
        _ body: (_ entry: Entry, _ path: UnsafeRawBufferPointer, _ linkTarget: UnsafeRawBufferPointer) throws -> Void
    ) rethrows {
        var path: [UInt8] = []
        // The length of the path of the folder at each depth.
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
    /// - Throws: `Failure` if the files of one tree lie in more than 65,536 places: so many links to folders.
    mutating func append(_ origin: Origin) throws -> UInt16 {
        guard let number = UInt16(exactly: origins.count) else {
            throw Failure(
                .data, "cannot read \(origins.first?.path.string ?? "a tree")",
                why: "more than \(UInt16.max) links to folders lead on through one another in it",
                advice: "set keepContentsDirlinks to true, so that links stay links, or make an image of a part of it")
        }
        origins.append(origin)
        return number
    }

    /// Keeps a name or a target.
    ///
    /// - Throws: `Failure` if the names of one tree come to more than 4 GiB.
    mutating func append(_ text: UnsafeRawBufferPointer) throws -> Span {
        guard let offset = UInt32(exactly: bytes.count), let length = UInt32(exactly: text.count) else {
            throw Failure(
                .data, "cannot read \(origins.first?.path.string ?? "a tree")",
                why: "its names come to more than 4 GiB",
                advice: "make an image of a part of it")
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
    /// The path below the origin's folder of what lies at `path` in the tree.
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
