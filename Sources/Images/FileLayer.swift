import ByteIO
import CLinux
import Errors
import Glibc
import OCI
import Store
import SystemPackage
import Tar

/// A layer made from files on this machine: store paths, or what stands in the root of the image.
package struct FileLayer: Layer {
    /// A tree of the layer, and where in the image it stands.
    package struct Part: Sendable {
        /// The tree, or the path where it is read when the layer is opened.
        package enum Source: Sendable {
            case path(FilePath)
            case tree(FileTree)
        }

        package var source: Source
        /// The name of the tree's root in the layer; empty for the root of the image, which gets no entry of its own.
        package var place: String

        package init(_ source: Source, at place: String) {
            self.source = source
            self.place = place
        }
    }

    /// A directory that gets an entry before all else: a parent of the parts.
    package struct Directory: Sendable {
        /// As it is written, with a slash behind it.
        package var path: [UInt8]
        package var mode: UInt16
        package var xattrs: [TarXattr]
        /// Owner and time; nil for those of the layer.
        package var attributes: TarAttributes?

        /// Mode 0755, unless a base has the directory.
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

    /// - Parameters:
    ///   - title: what the layer is, for people.
    ///   - storePaths: the store paths in it.
    ///   - directories: directories that are written before all else: the parents of the parts.
    ///   - parts: the trees, in the order that they have in the layer.
    ///   - owner: owner and time of all entries.
    ///   - cache: where digests are kept, nil for nowhere.
    package init(
        title: String, storePaths: [StorePath] = [], directories: [Directory] = [], parts: [Part], owner: TarOwner,
        cache: DigestCache? = nil
    ) {
        self.title = title
        self.storePaths = storePaths
        self.directories = directories
        self.parts = parts
        self.owner = owner
        self.cache = cache
    }

    /// The layer of some store paths: the store's directory and its parents, then the paths.
    package init(store: StoreLocation, paths: [StorePath], owner: TarOwner, cache: DigestCache?) {
        var directories: [Directory] = []
        var directory = ""
        for component in store.storeDir.split(separator: "/") {
            directory += "/\(component)"
            directories.append(Directory(Array("\(directory)/".utf8)))
        }
        let others = paths.count > 1 ? " and \(paths.count - 1) more" : ""
        self.init(
            title: (paths.first?.baseName ?? "nothing") + others, storePaths: paths, directories: directories,
            parts: paths.map { Part(.path(store.machinePath(of: $0)), at: $0.path) }, owner: owner, cache: cache)
    }

    package func open() throws -> any OpenLayer {
        try OpenFileLayer(self)
    }
}

/// A layer of files whose trees have been read: its size follows from them, and whether its digest is known.
final class OpenFileLayer: OpenLayer {
    let size: UInt64
    let knownDiffID: Digest?
    private let layer: FileLayer
    private let trees: [(tree: FileTree, place: String)]
    private let key: DigestCache.Key?

    init(_ layer: FileLayer) throws {
        let now = DigestCache.now
        let trees = try layer.parts.map { part in
            switch part.source {
            case .path(let path): (try FileTree.walk(path), part.place)
            // What nothing is kept of needs no fingerprint.
            case .tree(let tree): (layer.cache == nil ? tree : try tree.fingerprinted(), part.place)
            }
        }
        self.layer = layer
        self.trees = trees
        key = try DigestCache.Key(directories: layer.directories, trees: trees, owner: layer.owner, at: now)
        size = try Self.write(layer, trees, to: NullSink(), bodies: false)
        knownDiffID = key.flatMap { layer.cache?.digest(for: $0) }
    }

    func write(to sink: any ByteSink) throws {
        let written = try Self.write(layer, trees, to: sink, bodies: true)
        guard written == size else {
            throw ToolError(
                .io, "cannot write the layer \(layer.title)", cause: "it came to \(written) bytes instead of \(size)",
                remedy: "report this as a bug")
        }
    }

    func plainTar(spool: SpoolDirectory, needsBodies: Bool) throws -> FileRange {
        try spool.makeFile("the layer \(layer.title)").keep { sink in
            if needsBodies {
                try write(to: sink)
            } else {
                _ = try Self.write(layer, trees, to: sink, bodies: false)
            }
        }.0
    }

    /// It has the digest that it is found to have.
    func verify() {}

    func remember(_ diffID: Digest) {
        if let key { layer.cache?.keep(diffID, for: key) }
    }

    /// The one writer of a layer's entries; without `bodies` it counts the bytes alone.
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
            // The first name of each file that may have others, as it is written.
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
                        // With the attributes at each name: programs that unpack a layer change the owner at each, and
                        // that takes capabilities away.
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
    /// Nil for a socket, which no tar can hold.
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
    /// Calls `body` with the bytes, or with others where there are none.
    fileprivate func withBytes(
        else others: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) rethrows {
        if let self { try self.withUnsafeBytes(body) } else { try body(others) }
    }
}

extension FileTree.Entry {
    /// The numbers of a device.
    fileprivate var device: (major: UInt32, minor: UInt32) {
        guard kind == .characterDevice || kind == .blockDevice else { return (0, 0) }
        return (clinux_device_major(size), clinux_device_minor(size))
    }
}
