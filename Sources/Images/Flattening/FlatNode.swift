import Tar

/// A name in a flat tree, in 64 bytes.
///
/// A node stays when its name is removed, as one without a kind, and comes back to life when a later layer has the name.
struct FlatNode {
    var parent: FlatTree.ID
    /// The first of those in a folder, and the next in the same one, in no order; the root for none.
    var firstChild = FlatTree.ID.root
    var nextSibling = FlatTree.ID.root
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
    /// The layer whose entry this is; 0 for a folder that none has an entry for.
    var setIn: UInt16 = 0
    /// The last layer that has something below the folder.
    var touchedIn: UInt16 = 0
    /// The last layer that hides what lower ones have in the folder.
    var opaqueIn: UInt16 = 0
    /// Bytes of its path below the root, with single slashes between.
    var pathLength: UInt16
    var nameLength: UInt8
    /// Nil for a name that was removed.
    var kind: TarKind?
    private var flags: UInt8 = 0

    init(parent: FlatTree.ID, name: UInt32, nameLength: UInt8, pathLength: UInt16) {
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
    mutating func take(_ other: FlatNode) {
        (kind, mode, owner, size) = (other.kind, other.mode, other.owner, other.size)
        (offset, bodyLayer, seconds, nanoseconds) = (other.offset, other.bodyLayer, other.seconds, other.nanoseconds)
        (isShared, hasXattrs) = (other.isShared, other.hasXattrs)
    }
}
