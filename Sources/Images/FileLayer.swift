import ByteIO
import CLinux
import Errors
import Glibc
import OCI
package import Store
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

        package init(_ source: Source, at place: String) {
            self.source = source
            self.place = place
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
    let directories: [Directory]
    let parts: [Part]
    let owner: TarOwner
    let cache: DigestCache?
    /// What happens to names of whiteouts in parts that are read when the layer is opened.
    let whiteoutNames: WhiteoutNames

    /// - Parameters:
    ///   - title: a short description for progress messages.
    ///   - storePaths: the store paths in it.
    ///   - directories: the parents of the parts, which are written first.
    ///   - parts: the trees, in the order of the layer.
    ///   - owner: the owner and the time of all entries.
    ///   - cache: the cache of digests; nil for none.
    ///   - whiteoutNames: what happens to names of whiteouts in parts that are read when the layer is opened.
    package init(
        title: String, storePaths: [StorePath] = [], directories: [Directory] = [], parts: [Part], owner: TarOwner,
        cache: DigestCache? = nil, whiteoutNames: WhiteoutNames = .written
    ) {
        self.title = title
        self.storePaths = storePaths
        self.directories = directories
        self.parts = parts
        self.owner = owner
        self.cache = cache
        self.whiteoutNames = whiteoutNames
    }

    /// The layer of store paths: the store's directory and its parents, then the paths.
    package init(
        store: StoreLocation, paths: [StorePath], owner: TarOwner, cache: DigestCache?,
        whiteoutNames: WhiteoutNames = .written
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
            whiteoutNames: whiteoutNames)
    }

    package func open() throws -> any OpenLayer {
        try OpenFileLayer.open(self)
    }
}

/// A layer of files whose trees have been read, so that its size is known, and its digest if it is cached.
final class OpenFileLayer: OpenLayer {
    let size: UInt64
    let knownDiffID: Digest?
    private let layer: FileLayer
    private let trees: [(tree: FileTree, place: String)]
    private let key: DigestCache.Key?

    private init(
        _ layer: FileLayer, _ trees: [(tree: FileTree, place: String)], key: DigestCache.Key?, size: UInt64
    ) {
        self.layer = layer
        self.trees = trees
        self.key = key
        self.size = size
        knownDiffID = key.flatMap { layer.cache?.digest(for: $0) }
    }

    /// Reads the trees.
    static func open(_ layer: FileLayer) throws -> OpenFileLayer {
        let now = DigestCache.now
        let trees = try layer.parts.map { part in
            switch part.source {
            case .path(let path): (try walk(path, part.place, layer.whiteoutNames), part.place)
            // A layer that is not cached needs no fingerprint.
            case .tree(let tree): (layer.cache == nil ? tree : try tree.fingerprinted(), part.place)
            }
        }
        let key = try DigestCache.Key(directories: layer.directories, trees: trees, owner: layer.owner, at: now)
        let size = try write(layer, trees, to: NullSink(), bodies: false)
        return OpenFileLayer(layer, trees, key: key, size: size)
    }

    private static func walk(_ path: FilePath, _ place: String, _ names: WhiteoutNames) throws -> FileTree {
        let tree = try FileTree.walk(path)
        try names.check(tree, at: place.hasPrefix("/") ? place : "/" + place)
        return tree
    }

    func write(to sink: any ByteSink) throws {
        let written = try Self.write(layer, trees, to: sink, bodies: true)
        guard written == size else {
            throw ToolError(
                .io, "cannot write the layer \(layer.title)", cause: "\(written) bytes were written instead of \(size)",
                remedy: "report this as a bug")
        }
    }

    func uncompressedTar(spool: SpoolDirectory, needsBodies: Bool) throws -> FileRange {
        try spool.makeFile("the layer \(layer.title)").keep { sink in
            if needsBodies {
                try write(to: sink)
            } else {
                _ = try Self.write(layer, trees, to: sink, bodies: false)
            }
        }.0
    }

    /// Does nothing: no digest is stated for the layer that could be wrong.
    func verify() {}

    func remember(_ diffID: Digest) {
        if let key { layer.cache?.keep(diffID, for: key) }
    }

    /// Writes the entries of a layer.
    ///
    /// - Parameter bodies: whether the contents of the files are written; if not, they are only counted.
    /// - Returns: the size of the tar in bytes.
    private static func write(
        _ layer: FileLayer, _ trees: [(tree: FileTree, place: String)], to sink: any ByteSink, bodies: Bool
    ) throws -> UInt64 {
        let tar = TarWriter(to: sink, owner: layer.owner)
        for directory in layer.directories {
            try directory.path.withUnsafeBytes { path in
                try tar.header(
                    TarEntry(
                        path: path, kind: .directory, mode: directory.mode, attributes: directory.attributes,
                        xattrs: directory.xattrs))
            }
        }
        for (tree, place) in trees {
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
                                device: entry.device, attributes: tree.attributes(of: entry),
                                xattrs: tree.xattrs(of: entry)))
                    }
                }
                guard size > 0 else { return }
                if bodies {
                    try files.withFile(entry, at: path) { try tar.body(size, from: $0) }
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
