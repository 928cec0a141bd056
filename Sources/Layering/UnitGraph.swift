import Store

/// A closure with each cycle drawn together into one unit, so that what is left has no cycle.
///
/// Units are numbered so that each comes before all that it refers to.
struct UnitGraph {
    /// For each unit its paths, as positions in the closure, ascending.
    let members: [[Int]]
    /// For each unit the units that it refers to, each once, without itself.
    let references: [[Int]]
    /// For each unit the units that refer to it, each once, ascending.
    let users: [[Int]]

    init(_ closure: Closure) {
        let components = StrongComponents(of: closure.references)
        var members = [[Int]](repeating: [], count: components.count)
        // Components come with what is referred to first; units are numbered the other way.
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

    /// The units that some units lead to along their references or their users, and those themselves; each once.
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

/// The strongly connected components of a graph: nodes that reach each other share one.
///
/// Tarjan's algorithm with a stack of its own: a chain in a graph from outside may be longer than a thread's stack.
struct StrongComponents {
    /// How many components there are.
    private(set) var count = 0
    /// For each node the number of its component. A component's number is above those of all that it leads to.
    private(set) var component: [Int]

    private static let unseen = -1

    /// When each node was first seen, and the earliest node on the path that it leads back to.
    private var order: [Int]
    private var low: [Int]
    private var seen = 0
    private var path: [Int] = []
    private var calls: [(node: Int, next: Int)] = []

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
