import Store

/// What paths are ordered by where nothing else tells them apart: compared byte by byte, which for UTF-8 is the order
/// of code points.
struct OrderKey: Comparable {
    private let parts: [[UInt8]]

    /// The one string `NAME-STOREDIR/HASH`, by which popularity breaks ties.
    static func string(of path: StorePath) -> OrderKey {
        OrderKey(parts: [Array("\(path.name)-\(path.storeDir)/\(path.hashPart)".utf8)])
    }

    /// The pair (NAME, STOREDIR/HASH), by which the layering by size orders a layer.
    static func pair(of path: StorePath) -> OrderKey {
        OrderKey(parts: [Array(path.name.utf8), Array("\(path.storeDir)/\(path.hashPart)".utf8)])
    }

    static func < (left: OrderKey, right: OrderKey) -> Bool {
        for (mine, other) in zip(left.parts, right.parts) where mine != other {
            return mine.lexicographicallyPrecedes(other)
        }
        return false
    }
}
