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
        checkPresence(members, for: verb)
        if let base = members["fromImage"]?.object {
            let place = SpecPath("fromImage").key("pull")
            if let pull = base["pull"]?.object { checkPresence(pull, for: .pull, in: place) }
            if base["pull"] == nil {
                report.faults.append(SpecFault(path: place.text, found: nil, reason: "expected an object"))
            }
        }
        for index in report.faults.indices.dropFirst(known) {
            let path = report.faults[index].path
            if overridden.contains(where: { Self.path(path, isAtOrBelow: $0.text) }) {
                report.faults[index].path = "\(path) (from --set)"
            }
        }
    }

    /// Checks that the keys are there which a verb needs, each by one name.
    ///
    /// - Parameter place: where the members stand; nil for the whole spec.
    private mutating func checkPresence(
        _ members: [String: JSONValue], for verb: SpecVerb, in place: SpecPath? = nil
    ) {
        func path(_ name: String) -> String { (place?.key(name) ?? SpecPath(name)).text }
        for key in SpecKey.table where key.verbs.contains(verb) {
            let given = key.names.filter { members[$0] != nil }
            if let alias = key.alias, given.count > 1 {
                report.faults.append(
                    SpecFault(
                        path: path(alias), found: members[alias],
                        reason: "another name of \(key.name), expected only one of the two"))
            }
            if given.isEmpty, key.requiredBy.contains(verb) {
                report.faults.append(
                    SpecFault(path: path(key.name), found: nil, reason: "expected \(key.type.expected)"))
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
