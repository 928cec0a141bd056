import ByteIO
import Tar

/// What a name in a flat tree stands for.
package struct RootfsEntry: Equatable, Sendable {
    /// Never a hard link: each name of a file is a file.
    package var kind: TarKind
    /// Permission bits with setuid, setgid and sticky: 07777.
    package var mode: UInt16
    package var attributes: TarAttributes
    /// In the order of the layer.
    package var xattrs: [TarXattr]
    /// Bytes of a file; 0 for all else.
    package var size: UInt64
    /// What a symbolic link points to; empty for all else.
    package var linkTarget: [UInt8]
    package var deviceMajor: UInt32
    package var deviceMinor: UInt32
}

extension RootFilesystem {
    /// What a name stands for; nil if it was removed.
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

    /// The body of a file, where it lies in its layer; nil for all else.
    package func body(_ id: ID) -> FileRange? {
        let node = self[id]
        guard node.kind == .file else { return nil }
        return layers[Int(node.bodyLayer) - 1].slice(at: node.offset, size: node.size)
    }

    /// The body of a file, and the number of the layer that it lies in, from 0 on; nil for all else.
    package func placedBody(_ id: ID) -> (body: FileRange, layer: Int)? {
        body(id).map { ($0, Int(self[id].bodyLayer) - 1) }
    }

    /// What all names of one file have in common, and no two files.
    package struct FileIdentity: Hashable, Sendable {
        let kind: TarKind
        let layer: UInt16
        let offset: UInt64
    }

    /// Which file a name stands for, if other names may stand for it too; nil if there are none.
    package func sharedIdentity(_ id: ID) -> FileIdentity? {
        let node = self[id]
        guard node.isShared, let kind = node.kind else { return nil }
        return FileIdentity(kind: kind, layer: node.bodyLayer, offset: node.offset)
    }
}

/// A name in a flat tree, in 64 bytes.
///
/// A node stays when its name is removed, as one without a kind, and comes back to life when a later layer has the name.
struct RootfsNode {
    var parent: RootFilesystem.ID
    /// The first of those in a directory, and the next in the same one, in no order; the root for none.
    var firstChild = RootFilesystem.ID.root
    var nextSibling = RootFilesystem.ID.root
    /// Where its name begins in the tree's texts.
    var name: UInt32
    /// Bytes of a file or of a link's target; the numbers of a device.
    var size: UInt64 = 0
    /// Where a file's body begins in its layer, or a link's target in the tree's texts. No two entries that a layer has
    /// share it: with the kind and the layer it tells which names are one file.
    var offset: UInt64 = 0
    var seconds: Int64 = 0
    var nanoseconds: UInt32 = 0
    /// The place in the tree's owners.
    var owner: UInt32 = 0
    var mode: UInt16 = 0
    /// The layer that holds the body; layers are counted from 1.
    var bodyLayer: UInt16 = 0
    /// The layer whose entry this is; 0 for a directory that none has an entry for.
    var setIn: UInt16 = 0
    /// The last layer that has something below the directory.
    var touchedIn: UInt16 = 0
    /// The last layer that hides what lower ones have in the directory.
    var opaqueIn: UInt16 = 0
    /// Bytes of its path below the root, with single slashes between.
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

    /// Whether it stands among its parent's children.
    var isLinked: Bool {
        get { flags & 1 != 0 }
        set { flags = newValue ? flags | 1 : flags & ~1 }
    }

    /// Whether another name is, or was, the same file.
    var isShared: Bool {
        get { flags & 2 != 0 }
        set { flags = newValue ? flags | 2 : flags & ~2 }
    }

    /// Whether the tree keeps extended attributes for it.
    var hasXattrs: Bool {
        get { flags & 4 != 0 }
        set { flags = newValue ? flags | 4 : flags & ~4 }
    }

    var nameRange: Range<Int> { Int(name)..<Int(name) + Int(nameLength) }

    /// The stretch of the texts that is a link's target.
    var targetRange: Range<Int> { Int(offset)..<Int(offset) + Int(size) }

    /// Takes over all that a name stands for; its place in the tree stays.
    mutating func take(_ other: RootfsNode) {
        (kind, mode, owner, size) = (other.kind, other.mode, other.owner, other.size)
        (offset, bodyLayer, seconds, nanoseconds) = (other.offset, other.bodyLayer, other.seconds, other.nanoseconds)
        (isShared, hasXattrs) = (other.isShared, other.hasXattrs)
    }
}
