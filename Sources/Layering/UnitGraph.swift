import Store

/// The graph of a closure with each cycle merged into one unit, so that the graph of units has no cycle.
///
/// Units are numbered so that each one comes before all units that it refers to.
struct UnitGraph {
    /// The paths of each unit, as ascending positions in the closure.
    let members: [[Int]]
    /// The units that each unit refers to, each once, without the unit itself.
    let references: [[Int]]
    /// The units that refer to each unit, each once, ascending.
    let users: [[Int]]

    /// Finds the cycles of a closure and connects its units.
    init(_ closure: Closure) {
        let components = StrongComponents(of: closure.references)
        var members = [[Int]](repeating: [], count: components.count)
        // Components are numbered with referenced ones first; units are numbered in the opposite order.
        let unit = components.component.map { components.count - 1 - $0 }
        for (position, unit) in unit.enumerated() { members[unit].append(position) }

        var references = [[Int]](repeating: [], count: members.count)
        var users = references
        for (user, positions) in members.enumerated() {
            var seen: Set<Int> = [user]
            for position in positions {
                for reference in closure.references[position] where seen.insert(unit[reference]).inserted {
                    references[user].append(unit[reference])
                    users[unit[reference]].append(user)
                }
            }
        }
        self.members = members
        self.references = references
        self.users = users
    }

    /// Lists the units that can be reached from some units, including these units, each once.
    ///
    /// - Parameter edges: `\.references` or `\.users`.
    func reachable(from starts: [Int], along edges: KeyPath<UnitGraph, [[Int]]>) -> [Int] {
        let edges = self[keyPath: edges]
        var seen = [Bool](repeating: false, count: members.count)
        var reached: [Int] = []
        for start in starts where !seen[start] {
            seen[start] = true
            reached.append(start)
        }
        var next = 0
        while next < reached.count {
            for unit in edges[reached[next]] where !seen[unit] {
                seen[unit] = true
                reached.append(unit)
            }
            next += 1
        }
        return reached
    }
}

/// The strongly connected components of a graph: nodes that can reach each other share a component.
///
/// Tarjan's algorithm, with an explicit stack: a chain in the graph of an input may be too long for a thread's stack.
struct StrongComponents {
    /// The number of components.
    private(set) var count = 0
    /// The component of each node. A component has a higher number than all components that can be reached from it.
    private(set) var component: [Int]

    private static let unseen = -1

    /// The position of each node in the order of first visits.
    private var order: [Int]
    /// The earliest position on the current path that each node can reach.
    private var low: [Int]
    private var seen = 0
    private var path: [Int] = []
    private var calls: [(node: Int, next: Int)] = []

    /// Finds the components.
    ///
    /// - Parameter successors: the nodes that each node has an edge to.
    init(of successors: [[Int]]) {
        component = [Int](repeating: Self.unseen, count: successors.count)
        order = component
        low = component
        for start in successors.indices where order[start] == Self.unseen {
            enter(start)
            while let (node, next) = calls.last {
                if next < successors[node].count {
                    calls[calls.count - 1].next += 1
                    visit(successors[node][next], from: node)
                } else {
                    calls.removeLast()
                    leave(node)
                }
            }
        }
    }

    private mutating func enter(_ node: Int) {
        order[node] = seen
        low[node] = seen
        seen += 1
        path.append(node)
        calls.append((node, 0))
    }

    private mutating func visit(_ successor: Int, from node: Int) {
        if order[successor] == Self.unseen {
            enter(successor)
        } else if component[successor] == Self.unseen {
            low[node] = min(low[node], order[successor])
        }
    }

    private mutating func leave(_ node: Int) {
        if let caller = calls.last?.node { low[caller] = min(low[caller], low[node]) }
        guard low[node] == order[node] else { return }
        while let member = path.popLast() {
            component[member] = count
            if member == node { break }
        }
        count += 1
    }
}
