/// The owners and times of the entries of a tree. Most entries of an image have the same few, which are stored once.
struct AttributeTable {
    /// An owner and a time.
    struct Attributes: Hashable {
        /// The index in the tree's owners.
        var owner: UInt32 = 0
        var nanoseconds: UInt32 = 0
        /// Seconds since 1970.
        var seconds: Int64 = 0
    }

    /// The first are those of directories without an entry in any layer.
    private var values = [Attributes()]
    /// The numbers of attributes that were added lately, by a part of their hashes. An index of all of them would need more
    /// memory than it saves if they are all different.
    private var recent = [UInt32](repeating: 0, count: 4096)

    subscript(_ number: UInt32) -> Attributes { values[Int(number)] }

    /// The number of some attributes if they were added lately.
    func number(of attributes: Attributes) -> UInt32? {
        let number = recent[slot(attributes)]
        return self[number] == attributes ? number : nil
    }

    /// Adds attributes.
    ///
    /// - Returns: their number.
    mutating func add(_ attributes: Attributes) -> UInt32 {
        let number = UInt32(values.count)
        values.append(attributes)
        recent[slot(attributes)] = number
        return number
    }

    private func slot(_ attributes: Attributes) -> Int { attributes.hashValue & (recent.count - 1) }
}
