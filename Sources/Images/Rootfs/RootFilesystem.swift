import ByteIO
import Store
import Tar

/// The file system that the layers of an image come to, one over the other, as names and metadata alone: the bodies stay
/// where they lie in the layers.
///
/// All of it is in memory: 64 bytes a name, and the name. Nothing is made on this machine, and no link leads out of it.
package struct RootFilesystem: Sendable {
    /// A name in the tree. It stays the same for as long as the tree does, and stands for nothing once it is removed.
    package struct ID: Hashable, Sendable {
        let number: UInt32

        /// The root directory, which is always there.
        package static let root = ID(number: 0)
    }

    /// Owner by number and name.
    struct Owner: Hashable, Sendable {
        var uid: UInt64 = 0
        var gid: UInt64 = 0
        var userName: [UInt8] = []
        var groupName: [UInt8] = []
    }

    /// The layers so far, the lowest first, each a plain tar.
    package internal(set) var layers: [FileRange] = []

    var nodes: [RootfsNode]
    /// Names and link targets, one behind the other.
    var texts: [UInt8] = []
    var table = NameTable()
    /// The first is that of directories that no layer has an entry for.
    var owners = [Owner()]
    var ownerNumbers = [Owner(): UInt32(0)]
    var xattrs: [ID: [TarXattr]] = [:]
    /// Bytes of texts, owners' names and attributes that the layers have brought.
    var textBytes = 0

    /// An empty root: mode 0755, owner 0:0, time 0.
    package init() {
        var root = RootfsNode(parent: .root, name: 0, nameLength: 0, pathLength: 0)
        (root.kind, root.mode) = (.directory, 0o755)
        nodes = [root]
    }

    subscript(id: ID) -> RootfsNode {
        get { nodes[Int(id.number)] }
        _modify { yield &nodes[Int(id.number)] }
    }

    /// The layer that entries are taken from now, counted from 1.
    var layer: UInt16 { UInt16(layers.count) }

    /// The bytes of a stretch of the texts.
    func text(_ range: Range<Int>) -> ArraySlice<UInt8> { texts[range] }
}

/// How nodes come and go.
extension RootFilesystem {
    /// The node of a name in a directory: a new one if no layer has had it yet. It stands among the directory's children.
    mutating func node(_ name: ArraySlice<UInt8>, in directory: ID) throws(LayerFault) -> ID {
        let id: ID
        if let known = known(name, of: directory) { id = known } else { id = try make(name, in: directory) }
        if !self[id].isLinked {
            self[id].nextSibling = self[directory].firstChild
            self[directory].firstChild = id
            self[id].isLinked = true
        }
        return id
    }

    private mutating func make(_ name: ArraySlice<UInt8>, in directory: ID) throws(LayerFault) -> ID {
        guard nodes.count < RootfsLimits.names, let number = UInt32(exactly: nodes.count) else {
            throw LayerFault("the layers have more names than the limit of \(RootfsLimits.names)")
        }
        let pathLength = Int(self[directory].pathLength) + (directory == .root ? 0 : 1) + name.count
        guard pathLength <= RootfsLimits.flatPath else {
            throw LayerFault("its path comes to \(pathLength) bytes, more than the limit of \(RootfsLimits.flatPath)")
        }
        try LayerPath.check(name)
        // No entry has such a name or lies below one, and in the flat tar it would remove things.
        guard !LayerPath.isWhiteout(name) else { throw LayerFault("a link leads it below a whiteout") }
        guard let length = UInt8(exactly: name.count) else { throw LayerFault("its name is too long") }
        let id = ID(number: number)
        let offset = try keep(name)
        nodes.append(
            RootfsNode(parent: directory, name: UInt32(offset), nameLength: length, pathLength: UInt16(pathLength)))
        if table.isFull {
            table = table.grown { old in
                let node = self[old]
                return texts[node.nameRange].withUnsafeBytes { NameTable.hash($0, in: node.parent) }
            }
        }
        table.insert(id, name.withUnsafeBytes { NameTable.hash($0, in: directory) })
        return id
    }

    /// Keeps a name or a link's target.
    ///
    /// - Returns: where it begins in the texts.
    mutating func keep(_ text: ArraySlice<UInt8>) throws(LayerFault) -> Int {
        try count(text.count)
        let offset = texts.count
        texts += text
        return offset
    }

    /// Counts bytes that the tree is to keep.
    mutating func count(_ bytes: Int) throws(LayerFault) {
        textBytes += bytes
        guard textBytes <= RootfsLimits.texts else {
            throw LayerFault("the names and attributes of the layers have more bytes than \(RootfsLimits.texts)")
        }
    }

    /// Removes a name and all below it.
    mutating func remove(_ id: ID) {
        removeChildren(of: id)
        clear(id)
    }

    /// Removes all that is in a directory.
    mutating func removeChildren(of id: ID) {
        var directories = [id]
        while let directory = directories.popLast() {
            var child = self[directory].firstChild
            self[directory].firstChild = .root
            while child != .root {
                let next = self[child].nextSibling
                self[child].isLinked = false
                if self[child].kind == .directory { directories.append(child) }
                clear(child)
                child = next
            }
        }
    }

    private mutating func clear(_ id: ID) {
        if self[id].hasXattrs { xattrs[id] = nil }
        self[id].hasXattrs = false
        self[id].kind = nil
    }

    /// Makes a directory of a name as one that no layer has an entry for; what is in it stays.
    mutating func makePlainDirectory(_ id: ID) {
        if self[id].kind != .directory { removeChildren(of: id) }
        clear(id)
        var plain = RootfsNode(parent: .root, name: 0, nameLength: 0, pathLength: 0)
        (plain.kind, plain.mode) = (.directory, 0o755)
        self[id].take(plain)
        self[id].setIn = 0
    }
}

extension RootFilesystem: BaseDirectories {
    package func resolve(_ path: [UInt8]) -> [UInt8]? {
        guard let directory = find(path), entry(directory)?.kind == .directory,
            case let real = self.path(of: directory),
            real != path
        else { return nil }
        return real
    }

    package func directory(at path: [UInt8]) -> BaseDirectory? {
        guard let id = find(path, followsLast: false), let entry = entry(id), entry.kind == .directory else {
            return nil
        }
        return BaseDirectory(mode: entry.mode, xattrs: entry.xattrs, attributes: entry.attributes)
    }
}

/// How much the layers of an image may claim of a flat tree before they are refused. The tree is in memory; bodies never
/// are.
package enum RootfsLimits {
    /// Different names that all layers together may have: 4 Mi, at 64 bytes each. Large images have some 500,000; a
    /// tar of this many empty files compresses to a few MiB.
    package static let names = 4 << 20
    /// Bytes of names, link targets, owners' names and extended attributes of all layers together: 512 MiB. A large
    /// image's names come to some 20 MiB.
    package static let texts = 512 << 20
    /// Bytes of a path, and of a link's target: Linux takes no more (PATH_MAX).
    package static let path = 4096
    /// Bytes of one component of a path: Linux takes no more (NAME_MAX).
    package static let component = 255
    /// Bytes of a path below the root, when the links on its way have been followed: with `./` before it and a directory's slash
    /// behind it a reader takes it.
    package static let flatPath = path - 3
    /// Links that are followed on the way to one name: as many as Linux follows (path_resolution(7)).
    package static let links = 40
    /// Layers of one image: what two bytes count. Docker makes at most 128.
    package static let layers = Int(UInt16.max)
}

/// The file system that an image comes to, and the layers that it is made of.
package struct RootfsOfImage: Sendable {
    package let tree: RootFilesystem
    /// The layers, opened; the lowest first.
    package let layers: [any Layer]

    /// - Parameters:
    ///   - spool: where layers go that lie in no file.
    ///   - needsBodies: false if the files' contents are not asked for.
    /// - Throws: `ToolError` with code `data` for layers that no image should have; what the layers throw.
    package init(_ layers: [any Layer], spool: SpoolDirectory, needsBodies: Bool) throws {
        for layer in layers { layer.expect() }
        let opened = try OrderedThreadPool.map(layers) { try OpenedLayer($0) }
        var tree = RootFilesystem()
        for layer in opened {
            let tar = try layer.open().plainTar(spool: spool, needsBodies: needsBodies)
            try tree.apply(tar, name: layer.archived?.words ?? "the layer \(layer.title)")
        }
        self.tree = tree
        self.layers = opened
    }

    /// Bytes of the plain layers.
    package var size: UInt64 { tree.layers.reduce(0) { $0 + $1.size } }

    /// Begins to compare the layers with their digests, beside other work.
    package func beginVerifying() -> LayerVerification { LayerVerification(layers) }
}
