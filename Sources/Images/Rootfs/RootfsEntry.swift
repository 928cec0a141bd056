package import ByteIO
package import Tar

/// The metadata of a file in a root filesystem.
package struct RootfsEntry: Equatable, Sendable {
    /// The type. It is never a hard link: each name of a file is a file.
    package var kind: TarKind
    /// The permission bits with setuid, setgid and sticky: 0…07777.
    package var mode: UInt16
    /// The owner and the time.
    package var attributes: TarAttributes
    /// The extended attributes in the order of the layer.
    package var xattrs: [TarXattr]
    /// The size of a file in bytes; 0 for other types.
    package var size: UInt64
    /// The target of a symbolic link; empty for other types.
    package var linkTarget: [UInt8]
    /// The major number of a device; 0 for other types.
    package var deviceMajor: UInt32
    /// The minor number of a device; 0 for other types.
    package var deviceMinor: UInt32
}

extension RootFilesystem {
    /// The metadata of a name; nil if it was removed.
    package func entry(_ id: ID) -> RootfsEntry? {
        let node = self[id]
        guard let kind = node.kind else { return nil }
        let owner = owners[Int(node.owner)]
        let isDevice = kind == .characterDevice || kind == .blockDevice
        return RootfsEntry(
            kind: kind, mode: node.mode,
            attributes: TarAttributes(
                uid: owner.uid, gid: owner.gid, userName: owner.userName, groupName: owner.groupName,
                modified: TarTime(seconds: node.seconds, nanoseconds: node.nanoseconds)),
            xattrs: node.hasXattrs ? xattrs[id] ?? [] : [], size: kind == .file ? node.size : 0,
            linkTarget: kind == .symbolicLink ? Array(text(node.targetRange)) : [],
            deviceMajor: isDevice ? UInt32(truncatingIfNeeded: node.size >> 32) : 0,
            deviceMinor: isDevice ? UInt32(truncatingIfNeeded: node.size) : 0)
    }

    /// The stored bytes of a file in its layer; nil for other types. They are the whole body, unless the file is sparse.
    package func body(_ id: ID) -> FileRange? {
        let node = self[id]
        guard node.kind == .file else { return nil }
        return layers[Int(node.bodyLayer) - 1].slice(
            at: node.offset, size: sparseMap(id)?.storedSize ?? node.size)
    }

    /// The stored bytes of a file, and the number of its layer, from 0; nil for other types.
    package func placedBody(_ id: ID) -> (body: FileRange, layer: Int)? {
        body(id).map { ($0, Int(self[id].bodyLayer) - 1) }
    }

    /// The stored parts of a sparse file; nil for all other names.
    package func sparseMap(_ id: ID) -> SparseMap? {
        let node = self[id]
        guard !sparseMaps.isEmpty, node.kind == .file else { return nil }
        return sparseMaps[BodyPlace(layer: node.bodyLayer, offset: node.offset)]
    }

    /// A value that all names of one file have in common, and that differs for two files.
    package struct FileIdentity: Hashable, Sendable {
        let kind: TarKind
        let layer: UInt16
        let offset: UInt64
    }

    /// The identity of a file that may have several names; nil if it has only one.
    package func sharedIdentity(_ id: ID) -> FileIdentity? {
        let node = self[id]
        guard node.isShared, let kind = node.kind else { return nil }
        return FileIdentity(kind: kind, layer: node.bodyLayer, offset: node.offset)
    }
}

/// A name in a root filesystem, in 64 bytes.
///
/// When a name is removed its node stays, without a kind, and is used again when a later layer has the name.
struct RootfsNode {
    var parent: RootFilesystem.ID
    /// The first child of a directory, and the next child of the same parent, in no order; the root for none.
    var firstChild = RootFilesystem.ID.root
    var nextSibling = RootFilesystem.ID.root
    /// The offset of the name in the tree's texts.
    var name: UInt32
    /// The size in bytes of a file or of a link's target; the numbers of a device.
    var size: UInt64 = 0
    /// The offset of a file's body in its layer, or of a link's target in the tree's texts. It is different for all
    /// entries of a layer, so with the kind and the layer it identifies a file.
    var offset: UInt64 = 0
    var seconds: Int64 = 0
    var nanoseconds: UInt32 = 0
    /// The index in the tree's owners.
    var owner: UInt32 = 0
    var mode: UInt16 = 0
    /// The number of the layer that contains the body, from 1.
    var bodyLayer: UInt16 = 0
    /// The number of the layer whose entry this is; 0 for a directory without an entry in any layer.
    var setIn: UInt16 = 0
    /// The number of the last layer that has an entry below the directory.
    var touchedIn: UInt16 = 0
    /// The number of the last layer that removes the contents of lower layers from the directory.
    var opaqueIn: UInt16 = 0
    /// The size in bytes of the path below the root.
    var pathLength: UInt16
    var nameLength: UInt8
    /// Nil for a name that was removed.
    var kind: TarKind?
    private var flags: UInt8 = 0

    init(parent: RootFilesystem.ID, name: UInt32, nameLength: UInt8, pathLength: UInt16) {
        self.parent = parent
        self.name = name
        self.nameLength = nameLength
        self.pathLength = pathLength
    }

    /// Whether it is in the list of its parent's children.
    var isLinked: Bool {
        get { flags & 1 != 0 }
        set { flags = newValue ? flags | 1 : flags & ~1 }
    }

    /// Whether the same file has, or had, another name.
    var isShared: Bool {
        get { flags & 2 != 0 }
        set { flags = newValue ? flags | 2 : flags & ~2 }
    }

    /// Whether the tree has extended attributes for it.
    var hasXattrs: Bool {
        get { flags & 4 != 0 }
        set { flags = newValue ? flags | 4 : flags & ~4 }
    }

    var nameRange: Range<Int> { Int(name)..<Int(name) + Int(nameLength) }

    /// The range of a link's target in the texts.
    var targetRange: Range<Int> { Int(offset)..<Int(offset) + Int(size) }

    /// Copies the metadata of another node, but not its place in the tree.
    mutating func take(_ other: RootfsNode) {
        (kind, mode, owner, size) = (other.kind, other.mode, other.owner, other.size)
        (offset, bodyLayer, seconds, nanoseconds) = (other.offset, other.bodyLayer, other.seconds, other.nanoseconds)
        (isShared, hasXattrs) = (other.isShared, other.hasXattrs)
    }
}
