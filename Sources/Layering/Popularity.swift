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
    private static func scores(of graph: UnitGraph) -> [PopularityScore] {
        var scoring = PopularityScoring(graph)
        return scoring.run()
    }
}

/// Computes the scores of units, and keeps numbers and sets only as long as they are needed: in a deep closure of
/// 20,000 paths all numbers together would have 50 MB.
private struct PopularityScoring {
    private let graph: UnitGraph
    /// The number of ways to each unit.
    private var ways: [BigUInt]
    /// The complete score of each unit that a later one still needs.
    private var sums: [BigUInt]
    /// Each unit and all units that refer to it.
    private var above: [BitSet]
    private var pendingUses: [Int]
    /// The units that later ones refer to.
    private var live: Set<Int> = []

    /// The number of units after which numbers are dropped.
    private static let interval = 256

    init(_ graph: UnitGraph) {
        self.graph = graph
        let count = graph.members.count
        ways = [BigUInt](repeating: 0, count: count)
        sums = ways
        above = [BitSet](repeating: BitSet(), count: count)
        pendingUses = graph.references.map(\.count)
    }

    mutating func run() -> [PopularityScore] {
        let units = graph.members.indices
        var scores = [PopularityScore](repeating: 0, count: units.count)
        // Units without users come first: after them every set contains the set of a unit that is live.
        for unit in units where graph.users[unit].isEmpty { scores[unit] = score(unit) }
        for unit in units where !graph.users[unit].isEmpty {
            scores[unit] = score(unit)
            if unit % Self.interval == 0 { dropWays() }
        }
        return scores
    }

    private mutating func score(_ unit: Int) -> PopularityScore {
        let users = graph.users[unit]
        for user in users {
            above[unit].formUnion(above[user])
            ways[unit] += ways[user]
        }
        if users.isEmpty { ways[unit] = 1 }

        // The sum is already known for the user with the largest set: only the other units are added to it.
        var sum = ways[unit]
        if let largest = users.max(by: { above[$0].count < above[$1].count }) {
            sum += sums[largest]
            for user in above[unit].subtracting(above[largest]) { sum += ways[user] }
        }
        above[unit].insert(unit)
        if pendingUses[unit] > 0 {
            live.insert(unit)
            sums[unit] = sum
        } else {
            above[unit] = BitSet()
        }
        for user in users {
            pendingUses[user] -= 1
            guard pendingUses[user] == 0 else { continue }
            live.remove(user)
            above[user] = BitSet()
            sums[user] = 0
        }
        return PopularityScore(sum)
    }

    /// Drops the numbers of ways to units that all live sets contain: they are never added again.
    private mutating func dropWays() {
        guard let first = live.first else { return }
        var common = above[first]
        for unit in live where !common.isEmpty { common.formIntersection(above[unit]) }
        for unit in common where !live.contains(unit) { ways[unit] = 0 }
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
