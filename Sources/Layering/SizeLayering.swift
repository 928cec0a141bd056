import Failures
import Store

/// Large paths get layers of their own, and what only some of them need lies with those that need it.
///
/// Source: nixpkgs' default layering pipeline. The largest paths leave a mark on all that they need; paths with the
/// same marks share a layer; marking ends before there are more layers than are available. A cycle is one unit, as
/// large as its members together.
public struct SizeLayering: Layering {
    public init() {}

    /// - Throws: `Failure` with code `data` if the closure does not know a path's size; see `Closure.fillingSizes`.
    public func plan(_ closure: Closure, available: Int) throws -> LayerPlan {
        guard !closure.nodes.isEmpty else { return .empty }
        try LayerBudget.check(available)

        let sizes = try closure.nodes.map { node in
            guard let size = node.narSize else {
                throw Failure(
                    .data, "cannot plan the layers by size",
                    why: "\(closure.source) does not give the narSize of '\(node.path)'",
                    advice: "add narSize to the graph, or choose the layering 'popularity'")
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
        for (unit, positions) in graph.members.enumerated() {
            var marks: [StorePath] = []
            marking.marks[unit].forEach { mark in
                marks += graph.members[marking.marked[mark]].map { closure.nodes[$0].path }
            }
            for position in positions { reasons[closure.nodes[position].path] = .size(marks: marks) }
        }
        return LayerPlan(layers: ordered.map { $0.positions.map { closure.nodes[$0].path } }, reasons: reasons)
    }

    private struct Layer {
        /// The sizes of its paths and of all that they need.
        let closureSize: UInt128
        /// Its paths as positions in the closure, in order.
        let positions: [Int]
    }
}
