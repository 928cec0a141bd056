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
