package import ByteIO
package import Store
import Tar

/// The root filesystem that the layers of an image make when they are applied one on top of the other. It contains
/// names and metadata; the bodies of files stay in the layers.
///
/// It is in memory: 40 bytes a name, and the name. Nothing is created on this machine's disk, and no link leads out of
/// it.
package struct RootFilesystem: Sendable {
    /// A name in the tree. It stays valid as long as the tree, and has no entry once it is removed.
    package struct ID: Hashable, Sendable {
        /// The index among all names of the tree.
        package let number: UInt32

        /// - Parameter number: the index among all names of the tree.
        package init(number: UInt32) { self.number = number }

        /// The root directory, which is always there.
        package static let root = ID(number: 0)
    }

    /// An owner by number and name.
    struct Owner: Hashable, Sendable {
        var uid: UInt64 = 0
        var gid: UInt64 = 0
        var userName: [UInt8] = []
        var groupName: [UInt8] = []
    }

    /// The layer of a body, from 1, and the offset in it.
    struct BodyPlace: Hashable, Sendable {
        let layer: UInt16
        let offset: UInt64
    }

    /// The uncompressed tars of the layers so far, the lowest first.
    package internal(set) var layers: [FileRange] = []

    var nodes: [RootfsNode]
    /// Names and link targets, concatenated.
    var texts: [UInt8] = []
    var table = NameTable()
    var attributes = AttributeTable()
    /// All owners; the first is that of directories without an entry in any layer.
    var owners = [Owner()]
    var ownerNumbers = [Owner(): UInt32(0)]
    var xattrs: [ID: [TarXattr]] = [:]
    /// The maps of sparse files, by the places of their bodies, which all names of a file share.
    var sparseMaps: [BodyPlace: SparseMap] = [:]
    /// The number of bytes of all texts, owners' names and attributes of the layers.
    var textBytes = 0

    /// An empty root: mode 0755, owner 0:0, time 0.
    package init() {
        nodes = [.implicitDirectory]
    }

    subscript(id: ID) -> RootfsNode {
        get { nodes[Int(id.number)] }
        _modify { yield &nodes[Int(id.number)] }
    }

    /// The number of the layer that is being applied, from 1.
    var layer: UInt16 { UInt16(layers.count) }

    /// Removes the index of the names when all layers are applied: no path is found any more, but for the root's.
    mutating func removeIndex() { table = NameTable() }

    /// The bytes of a range of the texts.
    func text(_ range: Range<Int>) -> ArraySlice<UInt8> { texts[range] }
}

/// Adding and removing nodes.
extension RootFilesystem {
    /// The node of a name in a directory, which is created if no layer has had the name yet. It becomes one of the
    /// directory's children.
    mutating func node(_ name: ArraySlice<UInt8>, in directory: ID) throws(LayerError) -> ID {
        let id: ID
        if let known = known(name, of: directory) { id = known } else { id = try make(name, in: directory) }
        if !self[id].isLinked {
            self[id].nextSibling = self[directory].firstChild
            self[directory].firstChild = id
            self[id].isLinked = true
        }
        return id
    }

    private mutating func make(_ name: ArraySlice<UInt8>, in directory: ID) throws(LayerError) -> ID {
        guard nodes.count < RootfsLimits.names, let number = UInt32(exactly: nodes.count) else {
            throw LayerError("the layers have more names than the limit of \(RootfsLimits.names)")
        }
        let pathLength = Int(self[directory].pathLength) + (directory == .root ? 0 : 1) + name.count
        guard pathLength <= RootfsLimits.pathBelowRoot else {
            throw LayerError("its path has \(pathLength) bytes, more than the limit of \(RootfsLimits.pathBelowRoot)")
        }
        try LayerPath.check(name)
        // No entry has such a name or is below one, and in the tar of the root filesystem it would remove files.
        guard !LayerPath.isWhiteout(name) else { throw LayerError("a link leads to a path below a whiteout") }
        guard let length = UInt8(exactly: name.count) else { throw LayerError("its name is too long") }
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

    /// Stores a name or a link's target.
    ///
    /// - Returns: its offset in the texts.
    mutating func keep(_ text: ArraySlice<UInt8>) throws(LayerError) -> Int {
        try count(text.count)
        let offset = texts.count
        texts += text
        return offset
    }

    /// Counts bytes that the tree stores.
    mutating func count(_ bytes: Int) throws(LayerError) {
        textBytes += bytes
        guard textBytes <= RootfsLimits.texts else {
            throw LayerError("the names and attributes of the layers have more bytes than \(RootfsLimits.texts)")
        }
    }

    /// Removes a name and everything below it.
    mutating func remove(_ id: ID) {
        removeChildren(of: id)
        clear(id)
    }

    /// Removes the contents of a directory.
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
        removeXattrs(of: id)
        self[id].clear()
    }

    private mutating func removeXattrs(of id: ID) {
        if self[id].hasXattrs { xattrs[id] = nil }
    }

    /// Makes a name a directory without an entry in any layer. If it was a directory, its contents stay.
    mutating func makeImplicitDirectory(_ id: ID) {
        if self[id].kind != .directory { removeChildren(of: id) }
        removeXattrs(of: id)
        self[id].take(.implicitDirectory)
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

/// The limits of a root filesystem. Layers that exceed them are refused, since the tree is in memory.
package enum RootfsLimits {
    /// The largest number of different names in all layers: 4,194,304, at 40 bytes each. Large images have about
    /// 500,000; a tar of that many empty files compresses to a few MiB.
    package static let names = 4 << 20
    /// The largest size of names, link targets, owners' names and extended attributes of all layers: 512 MiB. The names
    /// of a large image have about 20 MiB.
    package static let texts = 512 << 20
    /// The largest size of a path or a link's target in bytes: Linux's own limit (PATH_MAX).
    package static let path = 4096
    /// The largest size of a path's component in bytes: Linux's own limit (NAME_MAX).
    package static let component = 255
    /// The largest size in bytes of a path below the root after links have been followed. With `./` before it, a
    /// directory's slash after it and a final NUL it has the size PATH_MAX.
    package static let pathBelowRoot = path - 3
    /// The largest number of links that are followed in one path: Linux's own limit (path_resolution(7)).
    package static let links = 40
    /// The largest number of layers of an image, which two bytes can count. Docker makes at most 128.
    package static let layers = Int(UInt16.max)
}
