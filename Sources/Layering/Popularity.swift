import BigInt
package import Store

/// The most popular paths get a layer each, all the others share one.
///
/// Source: the order of nixpkgs' `closure-graph.py`, computed in closed form: with N(p) = the number of ways from a
/// root to p, the score of p is the sum of N over p and all that transitively refer to it. Each cycle counts as one.
package struct Popularity: Layering {
    package init() {}

    package func plan(_ closure: Closure, available: Int) throws -> LayerPlan {
        guard !closure.nodes.isEmpty else { return .empty }
        try LayerBudget.check(available)

        let graph = UnitGraph(closure)
        let scores = Self.scores(of: graph)
        let keys = closure.nodes.map { OrderKey.string(of: $0.path) }
        // Sorted, so that the first member's key is the smallest of its unit.
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
        // The unit itself and all that refer to it; dropped once no unit is left that could ask, to save memory.
        var above = [PathSet](repeating: PathSet(), count: count)
        var asking = graph.references.map(\.count)

        for unit in 0..<count {
            let users = graph.users[unit]
            for user in users {
                above[unit].formUnion(above[user])
                ways[unit] += ways[user]
            }
            if users.isEmpty { ways[unit] = 1 }

            // The sum over the user with the most above it is known already: only the others are added to it.
            if let largest = users.max(by: { above[$0].count < above[$1].count }) {
                scores[unit] = scores[largest]
                var rest = above[unit]
                rest.subtract(above[largest])
                rest.forEach { scores[unit] += ways[$0] }
            }
            scores[unit] += ways[unit]
            above[unit].insert(unit)

            for user in users {
                asking[user] -= 1
                if asking[user] == 0 { above[user] = PathSet() }
            }
        }
        return scores
    }
}

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
