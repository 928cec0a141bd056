import BitCollections
import Errors
package import Store

/// Assigns store paths to layers by size: large paths get layers of their own, and paths needed by the same large paths
/// share a layer.
///
/// Source: nixpkgs' default layering pipeline. The largest paths leave a mark on all paths that they need; paths with
/// the same marks share a layer; marking ends before there are more layers than are available. A cycle is one unit with
/// the total size of its members.
package struct SizeLayering: Layering {
    /// Creates the layering, which has no settings.
    package init() {}

    /// Plans the layers.
    ///
    /// - Throws: `ToolError` with code `data` if the closure lacks the size of a path (`Closure.fillingSizes` adds
    ///   sizes), or if `available` is less than 1.
    package func plan(_ closure: Closure, available: Int) throws -> LayerPlan {
        guard !closure.nodes.isEmpty else { return .empty }
        try LayerBudget.check(available)

        let sizes = try closure.nodes.map { node in
            guard let size = node.narSize else {
                throw ToolError(
                    .data, "cannot plan the layers by size",
                    cause: "\(closure.source) does not give the narSize of '\(node.path)'",
                    remedy: "add narSize to the graph, or choose the layering 'popularity'")
            }
            return UInt128(size)
        }
        let graph = UnitGraph(closure)
        let marking = SizeMarking(graph, sizes: graph.members.map { $0.reduce(0) { $0 + sizes[$1] } }, limit: available)

        let keys = closure.nodes.map { OrderKey.pair(of: $0.path) }
        let layers = Dictionary(grouping: graph.members.indices, by: { marking.marks[$0] }).values.map { units in
            Layer(
                closureSize: graph.reachable(from: units, along: \.references).reduce(0) { $0 + marking.sizes[$1] },
                positions: units.flatMap { graph.members[$0] }.sorted { keys[$0] < keys[$1] })
        }
        let ordered = layers.sorted { left, right in
            if left.closureSize != right.closureSize { return left.closureSize < right.closureSize }
            return keys[left.positions[0]] < keys[right.positions[0]]
        }

        var reasons: [StorePath: LayerPlan.Reason] = [:]
        // Units with the same marks share one list.
        var lists: [BitSet: [StorePath]] = [:]
        for (unit, positions) in graph.members.enumerated() {
            let set = marking.marks[unit]
            let marks =
                lists[set] ?? set.flatMap { mark in graph.members[marking.marked[mark]].map { closure.nodes[$0].path } }
            lists[set] = marks
            for position in positions { reasons[closure.nodes[position].path] = .size(marks: marks) }
        }
        return LayerPlan(layers: ordered.map { $0.positions.map { closure.nodes[$0].path } }, reasons: reasons)
    }

    private struct Layer {
        /// The size in bytes of the paths and of all paths that they need.
        let closureSize: UInt128
        /// The paths as positions in the closure, in the order of the layer.
        let positions: [Int]
    }
}

/// The marks that the largest units of a graph leave on the units that they need.
struct SizeMarking {
    /// The size of each unit, in bytes. Sums of 64-bit sizes of a graph cannot overflow 128 bits.
    let sizes: [UInt128]
    /// The marks of each unit, as positions in `marked`.
    private(set) var marks: [BitSet]
    /// The units that left marks, largest first.
    private(set) var marked: [Int] = []

    /// Marks units, the largest first, while there are at most `limit` different sets of marks.
    ///
    /// - Parameters:
    ///   - sizes: the size of each unit in bytes.
    ///   - limit: the maximum number of different sets of marks, that is, of layers.
    init(_ graph: UnitGraph, sizes: [UInt128], limit: Int) {
        self.sizes = sizes
        marks = [BitSet](repeating: BitSet(), count: sizes.count)
        // Of units of the same size, the later one in the input is first. A unit's position is that of its first path.
        let order = sizes.indices.sorted { left, right in
            if sizes[left] != sizes[right] { return sizes[left] > sizes[right] }
            return graph.members[left][0] > graph.members[right][0]
        }
        // Each pass adds one set of marks that stays, the set of the unit itself: there are at most `limit` + 1 passes.
        for unit in order {
            let former = marks
            marked.append(unit)
            mark(unit, in: graph)
            if Set(marks).count > limit {
                marks = former
                marked.removeLast()
                break
            }
        }
    }

    private mutating func mark(_ unit: Int, in graph: UnitGraph) {
        let mark = marked.count - 1
        let needed = graph.reachable(from: [unit], along: \.references).filter { $0 != unit }
        let users = Set(graph.reachable(from: [unit], along: \.users)).subtracting([unit])
        let neededUnits = Set(needed)
        var usersMarks = BitSet()
        var neededMarks = BitSet()
        for (earlier, unit) in marked.enumerated() {
            if users.contains(unit) { usersMarks.insert(earlier) }
            if neededUnits.contains(unit) { neededMarks.insert(earlier) }
        }

        marks[unit] = [mark]
        for unit in needed {
            marks[unit].subtract(usersMarks)
            if marks[unit].isDisjoint(with: neededMarks) { marks[unit].insert(mark) }
        }
    }
}
