import Tar

/// A name in a root filesystem, in 40 bytes.
///
/// When a name is removed its node stays, without a kind, and is used again when a later layer has the name.
struct RootfsNode {
    var parent: RootFilesystem.ID
    /// The next child of the same parent, in no order; the root for none.
    var nextSibling = RootFilesystem.ID.root
    /// The offset of the name in the tree's texts.
    private let name: UInt32
    /// The number of the owner and the time in the tree's attributes.
    var attributes: UInt32 = 0
    /// What `size` has, or, for a directory: the first child, and the layers `touchedIn` and `opaqueIn`, from the lowest
    /// bits on.
    private var contents: UInt64 = 0
    /// The offset in the lower 48 bits, and the number of the layer above.
    private var place: UInt64 = 0
    /// The number of the layer whose entry this is; 0 for a directory without an entry in any layer.
    var setIn: UInt16 = 0
    /// The mode in the lower 12 bits, and the flags above.
    private var modeAndFlags: UInt16 = 0
    /// The size in bytes of the path below the root.
    let pathLength: UInt16
    let nameLength: UInt8
    /// Nil for a name that was removed.
    private(set) var kind: TarKind?

    /// The largest offset of a body in its layer.
    static let offsetLimit = UInt64(1) << 48 - 1

    /// A name without an entry.
    init(parent: RootFilesystem.ID, name: UInt32, nameLength: UInt8, pathLength: UInt16) {
        self.parent = parent
        self.name = name
        self.nameLength = nameLength
        self.pathLength = pathLength
    }

    /// The metadata of an entry, for `take`.
    ///
    /// - Parameters:
    ///   - size: the size in bytes of a file or of a link's target; the numbers of a device; 0 for a directory.
    ///   - offset: the offset of a file's body in its layer, or of a link's target in the tree's texts. It is different
    ///     for all entries of a layer, so with the kind and the layer it identifies a file.
    ///   - bodyLayer: the number of the layer that contains the body, from 1.
    init(kind: TarKind, mode: UInt16, attributes: UInt32, size: UInt64, offset: UInt64, bodyLayer: UInt16) {
        self.init(parent: .root, name: 0, nameLength: 0, pathLength: 0)
        self.kind = kind
        self.attributes = attributes
        contents = kind == .directory ? 0 : size
        place = UInt64(bodyLayer) << 48 | offset & Self.offsetLimit
        modeAndFlags = mode & Self.modeBits
    }

    /// The metadata of a directory without an entry in any layer.
    static let implicitDirectory = RootfsNode(
        kind: .directory, mode: 0o755, attributes: 0, size: 0, offset: 0, bodyLayer: 0)

    /// Copies the metadata of another node, but not its place in the tree. A directory that stays one keeps its contents.
    mutating func take(_ other: RootfsNode) {
        if kind != .directory || other.kind != .directory { contents = other.contents }
        (kind, attributes, place) = (other.kind, other.attributes, other.place)
        let kept = isLinked
        modeAndFlags = other.modeAndFlags
        isLinked = kept
    }

    /// Removes the entry. A directory must be empty.
    mutating func clear() {
        (kind, contents, hasXattrs) = (nil, 0, false)
    }
}

extension RootfsNode {
    private static let modeBits: UInt16 = 0o7777

    /// The permission bits with setuid, setgid and sticky: 0…07777.
    var mode: UInt16 { modeAndFlags & Self.modeBits }

    /// The number of the layer that contains the body, from 1.
    var bodyLayer: UInt16 { UInt16(truncatingIfNeeded: place >> 48) }

    /// The offset of a file's body in its layer, or of a link's target in the tree's texts.
    var offset: UInt64 { place & Self.offsetLimit }

    /// The size in bytes of a file or of a link's target; the numbers of a device; 0 for a directory.
    var size: UInt64 { kind == .directory ? 0 : contents }

    var nameRange: Range<Int> { Int(name)..<Int(name) + Int(nameLength) }

    /// The range of a link's target in the texts.
    var targetRange: Range<Int> { Int(offset)..<Int(offset) + Int(size) }

    /// Whether it is in the list of its parent's children.
    var isLinked: Bool {
        get { flag(0) }
        set { setFlag(0, newValue) }
    }

    /// Whether the same file has, or had, another name.
    var isShared: Bool {
        get { flag(1) }
        set { setFlag(1, newValue) }
    }

    /// Whether the tree has extended attributes for it.
    var hasXattrs: Bool {
        get { flag(2) }
        set { setFlag(2, newValue) }
    }

    private func flag(_ number: UInt16) -> Bool { modeAndFlags >> (12 + number) & 1 != 0 }

    private mutating func setFlag(_ number: UInt16, _ isSet: Bool) {
        let bit = UInt16(1) << (12 + number)
        modeAndFlags = isSet ? modeAndFlags | bit : modeAndFlags & ~bit
    }
}

/// The contents of a directory. Other names have none, and setting them has no effect.
extension RootfsNode {
    /// The first child; the root for none.
    var firstChild: RootFilesystem.ID {
        get { RootFilesystem.ID(number: kind == .directory ? UInt32(truncatingIfNeeded: contents) : 0) }
        set { setContents(UInt64(newValue.number), at: 0, width: 32) }
    }

    /// The number of the last layer that has an entry below the directory.
    var touchedIn: UInt16 {
        get { kind == .directory ? UInt16(truncatingIfNeeded: contents >> 32) : 0 }
        set { setContents(UInt64(newValue), at: 32, width: 16) }
    }

    /// The number of the last layer that removes the contents of lower layers from the directory.
    var opaqueIn: UInt16 {
        get { kind == .directory ? UInt16(truncatingIfNeeded: contents >> 48) : 0 }
        set { setContents(UInt64(newValue), at: 48, width: 16) }
    }

    private mutating func setContents(_ value: UInt64, at shift: UInt64, width: UInt64) {
        guard kind == .directory else { return }
        let mask = (UInt64(1) << width - 1) << shift
        contents = contents & ~mask | value << shift
    }
}
