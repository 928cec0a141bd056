import Archives

/// Checks the keys of a whole spec against the table.
struct SpecChecker {
    let verb: SpecVerb
    private(set) var report: SpecReport

    /// - Parameter report: what was found so far.
    init(verb: SpecVerb, report: SpecReport) {
        self.verb = verb
        self.report = report
    }

    /// - Parameter overridden: the paths that `--set` gave their values to; messages say so.
    mutating func check(_ members: [String: JSONValue], overridden: [SpecPath]) {
        let known = report.faults.count
        for (name, value) in members.inOrder { check(name, value) }
        for key in SpecKey.table {
            let given = key.names.filter { members[$0] != nil }
            if let alias = key.alias, given.count > 1 {
                report.faults.append(
                    SpecFault(
                        path: alias, found: members[alias],
                        reason: "another name of \(key.name), expected only one of the two"))
            }
            if given.isEmpty, key.requiredBy.contains(verb) {
                report.faults.append(SpecFault(path: key.name, found: nil, reason: "expected \(key.type.expected)"))
            }
        }
        for index in report.faults.indices.dropFirst(known) {
            let path = report.faults[index].path
            if overridden.contains(where: { Self.path(path, isAtOrBelow: $0.text) }) {
                report.faults[index].path = "\(path) (from --set)"
            }
        }
    }

    private mutating func check(_ name: String, _ value: JSONValue) {
        let path = SpecPath(name)
        guard let key = SpecKey.named(name) else {
            let nearest = NearestKey.of(name, among: SpecKey.names(for: verb)).map { "; did you mean \($0)?" } ?? ""
            report.faults.append(SpecFault(path: path.text, found: value, reason: "unknown key\(nearest)"))
            return
        }
        guard key.verbs.contains(verb) || key.ignoredBy.contains(verb) else {
            let verbs = key.verbs.map(\.rawValue).joined(separator: ", ")
            report.faults.append(
                SpecFault(path: path.text, found: value, reason: "the key is for \(verbs), not for \(verb.rawValue)"))
            return
        }
        if key.isBuilt {
            key.type.check(value, at: path, &report)
        } else if value != .null, value != key.defaultValue {
            let harmless = key.defaultValue.map { ", expected no more than \($0.canonical)" } ?? ""
            report.faults.append(SpecFault(path: path.text, found: value, reason: "not built yet\(harmless)"))
        }
    }

    private static func path(_ path: String, isAtOrBelow upper: String) -> Bool {
        path == upper || path.hasPrefix(upper + ".") || path.hasPrefix(upper + "[")
    }
}
