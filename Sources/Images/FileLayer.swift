import ByteIO
import CLinux
import Errors
import Glibc
package import OCI
package import Store
import Synchronization
package import SystemPackage
package import Tar

/// A layer made from files on this machine: store paths, or files for the root of the image.
package struct FileLayer: Layer {
    /// A file tree of the layer, and its place in the image.
    package struct Part: Sendable {
        /// The tree, or the path that it is read from when the layer is opened.
        package enum Source: Sendable {
            case path(FilePath)
            case tree(FileTree)
        }

        /// The files.
        package var source: Source
        /// The path of the tree's root in the layer; empty for the root of the image, which gets no entry of its own.
        package var place: String
        /// Whether the tree is a store path, and not among the files for the root of the image.
        package var isStorePath: Bool

        package init(_ source: Source, at place: String, isStorePath: Bool = false) {
            self.source = source
            self.place = place
            self.isStorePath = isStorePath
        }
    }

    /// A directory that is written before the parts: one of their parents.
    package struct Directory: Sendable {
        /// The path with a slash at its end.
        package var path: [UInt8]
        /// The permission bits: 0…07777.
        package var mode: UInt16
        /// The extended attributes.
        package var xattrs: [TarXattr]
        /// The owner and the time; nil for those of the layer.
        package var attributes: TarAttributes?

        /// A directory with the attributes that it has in the base; mode 0755 if the base does not have it.
        package init(_ path: [UInt8], like base: BaseDirectory? = nil) {
            self.path = path
            mode = base?.mode ?? 0o755
            xattrs = base?.xattrs ?? []
            attributes = base?.attributes
        }
    }

    package let storePaths: [StorePath]
    package let title: String
    package let key: LayerKey?
    let directories: [Directory]
    let parts: [Part]
    let owner: TarOwner
    /// The owner and the time of the files of store paths and of the directories above; nil: `owner`.
    let storeOwner: TarOwner?
    let cache: DigestCache?
    /// What happens to names of whiteouts in parts that are read when the layer is opened.
    let whiteoutNames: WhiteoutNames

    /// - Parameters:
    ///   - title: a short description for progress messages.
    ///   - storePaths: the store paths in it.
    ///   - directories: the parents of the parts, which are written first.
    ///   - parts: the trees, in the order of the layer.
    ///   - owner: the owner and the time of all entries.
    ///   - storeOwner: the owner and the time of files of store paths and of `directories`; nil: `owner`.
    ///   - cache: the cache of digests; nil for none.
    ///   - key: the key of a layer of store paths; nil for other layers.
    ///   - whiteoutNames: what happens to names of whiteouts in parts that are read when the layer is opened.
    package init(
        title: String, storePaths: [StorePath] = [], directories: [Directory] = [], parts: [Part], owner: TarOwner,
        storeOwner: TarOwner? = nil, cache: DigestCache? = nil, key: LayerKey? = nil,
        whiteoutNames: WhiteoutNames = .written
    ) {
        self.title = title
        self.storePaths = storePaths
        self.directories = directories
        self.parts = parts
        self.owner = owner
        self.storeOwner = storeOwner == owner ? nil : storeOwner
        self.cache = cache
        self.key = key
        self.whiteoutNames = whiteoutNames
    }

    /// The layer of store paths: the store's directory and its parents, then the paths.
    ///
    /// - Parameter narHash: the SHA-256 of the NAR of a path; nil if it is unknown.
    package init(
        store: StoreLocation, paths: [StorePath], owner: TarOwner, cache: DigestCache?,
        whiteoutNames: WhiteoutNames = .written, narHash: (StorePath) -> Digest? = { _ in nil }
    ) {
        var directories: [Directory] = []
        var directory = ""
        for component in store.storeDir.split(separator: "/") {
            directory += "/\(component)"
            directories.append(Directory(Array("\(directory)/".utf8)))
        }
        let others = paths.count > 1 ? " and \(paths.count - 1) more" : ""
        self.init(
            title: (paths.first?.baseName ?? "nothing") + others, storePaths: paths, directories: directories,
            parts: paths.map { Part(.path(store.machinePath(of: $0)), at: $0.path) }, owner: owner, cache: cache,
            key: LayerKey(paths.map { ($0, narHash($0)) }, owner: owner), whiteoutNames: whiteoutNames)
    }

    package func open() throws -> any OpenLayer {
        try OpenFileLayer.open(self)
    }
}

/// A layer of files whose trees have been read, so that its size is known, and its digest if it is cached.
final class OpenFileLayer: OpenLayer {
    let size: UInt64
    private let layer: FileLayer
    private let trees: [(tree: FileTree, place: String)]
    private let key: DigestCache.Key?
    /// Whether a change of a file cannot be missed, since it gives the file another change time.
    private let isSettled: Bool
    private let known: Mutex<Digest?>

    private init(
        _ layer: FileLayer, _ trees: [(tree: FileTree, place: String)], isSettled: Bool, key: DigestCache.Key?,
        size: UInt64
    ) {
        self.layer = layer
        self.trees = trees
        self.isSettled = isSettled
        self.key = key
        self.size = size
        known = Mutex(key.flatMap { layer.cache?.digest(for: $0) })
    }

    /// The digest of the cache, or of an earlier `write`.
    var knownDiffID: Digest? { known.withLock { $0 } }

    /// Reads the trees.
    static func open(_ layer: FileLayer) throws -> OpenFileLayer {
        let now = layer.cache?.time ?? DigestCache.now
        let trees = try layer.parts.map { part in
            switch part.source {
            case .path(let path): (try walk(path, part.place, layer.whiteoutNames), part.place)
            // A layer that is not cached needs no fingerprint.
            case .tree(let tree): (layer.cache == nil ? tree : try tree.fingerprinted(), part.place)
            }
        }
        let key = try DigestCache.Key(layer, trees: trees, at: now)
        let isSettled = trees.allSatisfy { $0.0.isSettled(at: now) }
        let size = try write(layer, trees, to: NullSink(), bodies: nil)
        return OpenFileLayer(layer, trees, isSettled: isSettled, key: key, size: size)
    }

    private static func walk(_ path: FilePath, _ place: String, _ names: WhiteoutNames) throws -> FileTree {
        let tree = try FileTree.walk(path)
        try names.check(tree, at: place.hasPrefix("/") ? place : "/" + place)
        return tree
    }

    /// Writes the uncompressed tar. If its digest is known, the files must be those that the digest was computed from.
    func write(to sink: any ByteSink) throws {
        guard let known = knownDiffID else { return try write(to: sink, check: .modification) }
        if isSettled {
            try write(to: sink, check: .change)
            try checkLargeFiles()
        } else {
            try sink.writing(known, of: layer.displayName) { try write(to: $0, check: .modification) }
        }
    }

    private func write(to sink: any ByteSink, check: TreeFiles.ChangeCheck) throws {
        let written = try Self.write(layer, trees, to: sink, bodies: check)
        guard written == size else {
            throw ToolError(
                .io, "cannot write the layer \(layer.title)", cause: "\(written) bytes were written instead of \(size)",
                remedy: "report this as a bug")
        }
    }

    /// Checks that the large files have not changed since the trees were read. A pipe gets their pages without a copy,
    /// so that a change while the layer is written can reach the reader after the file was checked for the first time.
    private func checkLargeFiles() throws {
        for (tree, _) in trees {
            let files = TreeFiles(tree)
            try tree.forEach { entry, path, _ in
                guard entry.kind == .file, entry.size >= UInt64(TarWriter.largeBody) else { return }
                try files.check(entry, at: path)
            }
        }
    }

    func uncompressedTar(spool: SpoolDirectory, needsBodies: Bool) throws -> FileRange {
        try spool.makeFile("the layer \(layer.title)").keep { sink in
            if needsBodies {
                try write(to: sink)
            } else {
                _ = try Self.write(layer, trees, to: sink, bodies: nil)
            }
        }.0
    }

    /// Does nothing: no digest is stated for the layer that could be wrong.
    func verify() {}

    func remember(_ diffID: Digest) {
        known.withLock { $0 = diffID }
        if let key { layer.cache?.keep(diffID, for: key) }
    }

    /// Writes the entries of a layer.
    ///
    /// - Parameter bodies: how files are checked whose contents are written; nil: they are only counted.
    /// - Returns: the size of the tar in bytes.
    private static func write(
        _ layer: FileLayer, _ trees: [(tree: FileTree, place: String)], to sink: any ByteSink,
        bodies: TreeFiles.ChangeCheck?
    ) throws -> UInt64 {
        let tar = TarWriter(to: sink, owner: layer.owner)
        let store = layer.storeOwner.map { TarAttributes($0) }
        for directory in layer.directories {
            try directory.path.withUnsafeBytes { path in
                try tar.header(
                    TarEntry(
                        path: path, kind: .directory, mode: directory.mode, attributes: directory.attributes ?? store,
                        xattrs: directory.xattrs))
            }
        }
        for (part, (tree, place)) in zip(layer.parts, trees) {
            let files = TreeFiles(tree)
            let place = Array(place.utf8)
            var name: [UInt8] = []
            // The first name of each file that may have several names, as it is written.
            var firstNames: [UInt32: [UInt8]] = [:]
            try tree.forEach { entry, path, linkTarget in
                guard var kind = TarKind(entry.kind), !(place.isEmpty && path.isEmpty) else { return }
                name.removeAll(keepingCapacity: true)
                name.append(contentsOf: place)
                if !place.isEmpty, !path.isEmpty { name.append(UInt8(ascii: "/")) }
                name.append(contentsOf: path)
                if kind == .directory { name.append(UInt8(ascii: "/")) }
                var firstName: [UInt8]?
                if let file = tree.file(of: entry) {
                    firstName = firstNames[file]
                    if firstName == nil { firstNames[file] = name } else { kind = .hardLink }
                }
                let size = kind == .file ? entry.size : 0
                try name.withUnsafeBytes { name in
                    try firstName.withBytes(else: linkTarget) { linkTarget in
                        // Each name has the attributes: programs that unpack a layer change the owner at each name, and
                        // that clears capabilities.
                        try tar.header(
                            TarEntry(
                                path: name, kind: kind, mode: entry.mode, size: size, linkTarget: linkTarget,
                                device: entry.device,
                                attributes: tree.attributes(of: entry)
                                    ?? (part.isStorePath || tree.isOfStorePath(entry) ? store : nil),
                                xattrs: tree.xattrs(of: entry)))
                    }
                }
                guard size > 0 else { return }
                if let bodies {
                    try files.withFile(entry, at: path, check: bodies) { try tar.body(size, from: $0) }
                } else {
                    try tar.leaveOut(size)
                }
            }
        }
        try tar.finish()
        return tar.position
    }
}

extension TarKind {
    /// Nil for a socket, which a tar cannot contain.
    init?(_ kind: FileTree.Kind) {
        switch kind {
        case .file: self = .file
        case .directory: self = .directory
        case .link: self = .symbolicLink
        case .fifo: self = .fifo
        case .characterDevice: self = .characterDevice
        case .blockDevice: self = .blockDevice
        case .socket: return nil
        }
    }
}

extension [UInt8]? {
    /// Calls `body` with the bytes, or with `others` if the array is nil.
    fileprivate func withBytes(
        else others: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) rethrows {
        if let self { try self.withUnsafeBytes(body) } else { try body(others) }
    }
}

extension FileTree.Entry {
    /// The major and minor number of a device; zeros for other kinds.
    fileprivate var device: (major: UInt32, minor: UInt32) {
        guard kind == .characterDevice || kind == .blockDevice else { return (0, 0) }
        return (clinux_device_major(size), clinux_device_minor(size))
    }
}
