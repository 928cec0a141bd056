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
