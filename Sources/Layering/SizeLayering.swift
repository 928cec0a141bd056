import Errors
package import Store

/// Large paths get layers of their own, and what only some of them need lies with those that need it.
///
/// Source: nixpkgs' default layering pipeline. The largest paths leave a mark on all that they need; paths with the
/// same marks share a layer; marking ends before there are more layers than are available. A cycle is one unit, as
/// large as its members together.
package struct SizeLayering: Layering {
    package init() {}

    /// - Throws: `ToolError` with code `data` if the closure does not know a path's size; see `Closure.fillingSizes`.
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

/// The marks that the largest units of a graph leave on what they need.
struct SizeMarking {
    /// The size of each unit, in bytes. Sums of 64-bit sizes from outside cannot overflow 128 bits.
    let sizes: [UInt128]
    /// For each unit its marks, as positions in `marked`.
    private(set) var marks: [PathSet]
    /// The units that left marks, largest first.
    private(set) var marked: [Int] = []

    /// - Parameter limit: the most different sets of marks that there may be.
    init(_ graph: UnitGraph, sizes: [UInt128], limit: Int) {
        self.sizes = sizes
        marks = [PathSet](repeating: PathSet(), count: sizes.count)
        // Of equals, the one that comes later in the input is first. A unit's place is that of its first path.
        let order = sizes.indices.sorted { left, right in
            if sizes[left] != sizes[right] { return sizes[left] > sizes[right] }
            return graph.members[left][0] > graph.members[right][0]
        }
        // Each turn adds a set of marks that stays: that of the unit itself. So there are at most `limit` + 1 turns.
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
        var usersMarks = PathSet()
        var neededMarks = PathSet()
        for (earlier, unit) in marked.enumerated() {
            if users.contains(unit) { usersMarks.insert(earlier) }
            if neededUnits.contains(unit) { neededMarks.insert(earlier) }
        }

        var own = PathSet()
        own.insert(mark)
        marks[unit] = own
        for unit in needed {
            marks[unit].subtract(usersMarks)
            if marks[unit].isDisjoint(with: neededMarks) { marks[unit].insert(mark) }
        }
    }
}

/// A set of small numbers as bits: one word for 64 of them, up to the largest that it holds.
struct PathSet: Hashable {
    private var words: [UInt64] = []

    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    mutating func insert(_ member: Int) {
        let word = member / 64
        if word >= words.count { words.append(contentsOf: repeatElement(0, count: word + 1 - words.count)) }
        words[word] |= 1 << UInt64(member % 64)
    }

    mutating func formUnion(_ other: PathSet) {
        if other.words.count > words.count {
            words.append(contentsOf: repeatElement(0, count: other.words.count - words.count))
        }
        for word in other.words.indices { words[word] |= other.words[word] }
    }

    /// Words that become zero at the end are dropped, so that equal sets are equal values.
    mutating func subtract(_ other: PathSet) {
        for word in 0..<min(words.count, other.words.count) { words[word] &= ~other.words[word] }
        while words.last == 0 { words.removeLast() }
    }

    func isDisjoint(with other: PathSet) -> Bool {
        !zip(words, other.words).contains { $0 & $1 != 0 }
    }

    func forEach(_ body: (Int) -> Void) {
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                body(index * 64 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
    }
}
