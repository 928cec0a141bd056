import Archives
import Tar

/// The file system that the layers of an image come to, one over the other, as names and metadata alone: the bodies stay
/// where they lie in the layers.
///
/// All of it is in memory: 64 bytes a name, and the name. Nothing is made on this machine, and no link leads out of it.
public struct FlatTree: Sendable {
    /// A name in the tree. It stays the same for as long as the tree does, and stands for nothing once it is removed.
    public struct ID: Hashable, Sendable {
        let number: UInt32

        /// The root folder, which is always there.
        public static let root = ID(number: 0)
    }

    /// Owner by number and name.
    struct Owner: Hashable, Sendable {
        var uid: UInt64 = 0
        var gid: UInt64 = 0
        var userName: [UInt8] = []
        var groupName: [UInt8] = []
    }

    /// The layers so far, the lowest first, each a plain tar.
    public internal(set) var layers: [FileRange] = []

    var nodes: [FlatNode]
    /// Names and link targets, one behind the other.
    var texts: [UInt8] = []
    var table = NameTable()
    /// The first is that of folders that no layer has an entry for.
    var owners = [Owner()]
    var ownerNumbers = [Owner(): UInt32(0)]
    var xattrs: [ID: [TarXattr]] = [:]
    /// Bytes of texts, owners' names and attributes that the layers have brought.
    var textBytes = 0

    /// An empty root: mode 0755, owner 0:0, time 0.
    public init() {
        var root = FlatNode(parent: .root, name: 0, nameLength: 0, pathLength: 0)
        (root.kind, root.mode) = (.folder, 0o755)
        nodes = [root]
    }

    subscript(id: ID) -> FlatNode {
        get { nodes[Int(id.number)] }
        _modify { yield &nodes[Int(id.number)] }
    }

    /// The layer that entries are taken from now, counted from 1.
    var layer: UInt16 { UInt16(layers.count) }

    /// The bytes of a stretch of the texts.
    func text(_ range: Range<Int>) -> ArraySlice<UInt8> { texts[range] }
}
