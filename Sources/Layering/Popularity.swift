import BigInt
import BitCollections
package import Store

/// Assigns store paths to layers by popularity: the most popular paths get a layer each, all others share the last one.
///
/// Source: the order of nixpkgs' `closure-graph.py`, computed in closed form: with N(p) = the number of ways from a
/// root to p, the score of p is the sum of N over p and all paths that transitively refer to p. A cycle counts as one
/// path.
package struct Popularity: Layering {
    /// Creates the layering, which has no settings.
    package init() {}

    /// Plans the layers.
    ///
    /// - Throws: `ToolError` with code `data` if `available` is less than 1.
    package func plan(_ closure: Closure, available: Int) throws -> LayerPlan {
        guard !closure.nodes.isEmpty else { return .empty }
        try LayerBudget.check(available)

        let graph = UnitGraph(closure)
        let scores = Self.scores(of: graph)
        let keys = closure.nodes.map { OrderKey.string(of: $0.path) }
        // The members are sorted, so that the first member has the smallest key of its unit.
        let members = graph.members.map { $0.sorted { keys[$0] < keys[$1] } }
        let order = members.indices.sorted { left, right in
            if scores[left] != scores[right] { return scores[left] > scores[right] }
            return keys[members[left][0]] < keys[members[right][0]]
        }

        var layers: [[StorePath]] = []
        var reasons: [StorePath: LayerPlan.Reason] = [:]
        for (index, unit) in order.enumerated() {
            let paths = members[unit].map { closure.nodes[$0].path }
            for path in paths { reasons[path] = .popularity(rank: index + 1, score: scores[unit]) }
            if index < available {
                layers.append(paths)
            } else {
                layers[available - 1] += paths
            }
        }
        return LayerPlan(layers: layers, reasons: reasons)
    }

    /// The score of each unit.
    private static func scores(of graph: UnitGraph) -> [BigUInt] {
        let count = graph.members.count
        var ways = [BigUInt](repeating: 0, count: count)
        var scores = ways
        // Each unit and all units that refer to it. To save memory, a set is dropped after its last use.
        var above = [BitSet](repeating: BitSet(), count: count)
        var pendingUses = graph.references.map(\.count)

        for unit in 0..<count {
            let users = graph.users[unit]
            for user in users {
                above[unit].formUnion(above[user])
                ways[unit] += ways[user]
            }
            if users.isEmpty { ways[unit] = 1 }

            // The sum is already known for the user with the largest set: only the other units are added to it.
            if let largest = users.max(by: { above[$0].count < above[$1].count }) {
                scores[unit] = scores[largest]
                for user in above[unit].subtracting(above[largest]) { scores[unit] += ways[user] }
            }
            scores[unit] += ways[unit]
            above[unit].insert(unit)

            for user in users {
                pendingUses[user] -= 1
                if pendingUses[user] == 0 { above[user] = BitSet() }
            }
        }
        return scores
    }
}

/// The sort key of paths that are otherwise equal. Keys are compared byte by byte, which for UTF-8 is the order of code
/// points.
struct OrderKey: Comparable {
    private let parts: [[UInt8]]

    /// The string `NAME-STOREDIR/HASH`: the key that breaks ties in the layering by popularity.
    static func string(of path: StorePath) -> OrderKey {
        OrderKey(parts: [Array("\(path.name)-\(path.storeDir)/\(path.hashPart)".utf8)])
    }

    /// The pair (NAME, STOREDIR/HASH): the key that orders the paths of a layer in the layering by size.
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
