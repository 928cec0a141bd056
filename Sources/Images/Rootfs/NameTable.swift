/// Finds the nodes of a tree by their parent and name: an open-addressing hash table of their numbers.
///
/// The hash is Swift's own, which is seeded at random, so no archive can be made to cause collisions.
struct NameTable {
    /// The numbers of nodes; 0 for an empty slot, since the root, whose number it is, is not in the table. The count is
    /// a power of two.
    private var slots = [UInt32](repeating: 0, count: 1024)
    private var count = 0

    /// The hash of a name in a directory.
    static func hash(_ name: UnsafeRawBufferPointer, in parent: RootFilesystem.ID) -> Int {
        var hasher = Hasher()
        hasher.combine(parent)
        hasher.combine(bytes: name)
        return hasher.finalize()
    }

    /// The node with a hash for which `matches` returns true.
    func find(_ hash: Int, where matches: (RootFilesystem.ID) -> Bool) -> RootFilesystem.ID? {
        var slot = hash & (slots.count - 1)
        while slots[slot] != 0 {
            let id = RootFilesystem.ID(number: slots[slot])
            if matches(id) { return id }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Whether the table must grow before the next node: three quarters of its slots are taken.
    var isFull: Bool { count * 4 >= slots.count * 3 }

    /// A table of twice the size with the same nodes.
    ///
    /// - Parameter hash: returns the hash of a node.
    func grown(hash: (RootFilesystem.ID) -> Int) -> NameTable {
        var table = NameTable()
        table.slots = [UInt32](repeating: 0, count: slots.count * 2)
        for number in slots where number != 0 {
            let id = RootFilesystem.ID(number: number)
            table.insert(id, hash(id))
        }
        return table
    }

    /// Adds a node that is not in the table. There must be room for it.
    mutating func insert(_ id: RootFilesystem.ID, _ hash: Int) {
        var slot = hash & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = id.number
        count += 1
    }
}
