import JSON

/// Checks the members of a spec against the table of keys. A key whose value is null counts as absent.
struct SpecChecker {
    let verb: SpecVerb
    /// The issues and warnings so far.
    var report: SpecReport

    /// - Parameter overridden: the paths whose values are overrides; messages say so.
    mutating func check(_ members: [String: JSONValue], overridden: [SpecPath]) {
        let known = report.issues.count
        for (name, value) in members.inOrder { check(name, value) }
        checkPresence(members, for: verb)
        if let base = members["fromImage"]?.object {
            let place = SpecPath("fromImage").key("pull")
            if let pull = base["pull"]?.object { checkPresence(pull, for: .pull, in: place) }
            if base["pull"] == nil {
                report.issues.append(SpecIssue(path: place.text, found: nil, reason: "expected an object"))
            }
        }
        report.issues = report.issues.prefix(known) + Self.marked(report.issues.dropFirst(known), overridden)
    }

    /// The issues, with the origin of those that are of overridden values.
    private static func marked(_ issues: ArraySlice<SpecIssue>, _ overridden: [SpecPath]) -> [SpecIssue] {
        issues.map { issue in
            var issue = issue
            if overridden.contains(where: { path(issue.path, isAtOrBelow: $0.text) }) {
                issue.path += " (from an override)"
            }
            return issue
        }
    }

    /// Checks the values of overrides, and no other value.
    ///
    /// - Parameter paths: the paths of the overrides.
    mutating func check(_ members: [String: JSONValue], onlyOverridden paths: [SpecPath]) {
        let known = report
        for (name, value) in members.inOrder { check(name, value) }
        let found = report.issues.dropFirst(known.issues.count)
        report.issues = known.issues + Self.marked(found, paths).filter { !found.contains($0) }
        report.warnings = known.warnings
    }

    /// Checks that all keys that a verb needs are given, each by one name.
    ///
    /// - Parameter place: the path of the members; nil for the whole spec.
    private mutating func checkPresence(
        _ members: [String: JSONValue], for verb: SpecVerb, in place: SpecPath? = nil
    ) {
        func path(_ name: String) -> String { (place?.key(name) ?? SpecPath(name)).text }
        for key in SpecKey.table where key.verbs.contains(verb) {
            let given = key.names.filter { members[$0] ?? .null != .null }
            if let alias = key.alias, given.count > 1 {
                report.issues.append(
                    SpecIssue(
                        path: path(alias), found: members[alias],
                        reason: "another name of \(key.name), expected only one of the two"))
            }
            if given.isEmpty, key.requiredBy.contains(verb) {
                report.issues.append(
                    SpecIssue(path: path(key.name), found: nil, reason: "expected \(key.type.wrapped.expected)"))
            }
        }
    }

    private mutating func check(_ name: String, _ value: JSONValue) {
        let path = SpecPath(name)
        guard let key = SpecKey.named(name) else {
            report.issues.append(SpecIssue(path: path.text, found: value, reason: "unknown key\(hint(name))"))
            return
        }
        if value == .null { return }
        guard key.verbs.contains(verb) || key.ignoredBy.contains(verb) else {
            let verbs = key.verbs.map(\.rawValue).joined(separator: ", ")
            report.issues.append(
                SpecIssue(
                    path: path.text, found: value,
                    reason: "the key is for \(verbs), not for \(verb.rawValue)\(name == "arch" ? hint(name) : "")"))
            return
        }
        if key.isImplemented {
            key.type.check(value, at: path, &report)
        } else if value != key.defaultValue {
            let allowed = key.defaultValue.map { ", expected only \($0.canonical)" } ?? ""
            report.issues.append(SpecIssue(path: path.text, found: value, reason: "not implemented yet\(allowed)"))
        }
    }

    private func hint(_ name: String) -> String {
        SpecKey.suggestion(for: name, among: SpecKey.names(for: verb)).map { "; did you mean \($0)?" } ?? ""
    }

    private static func path(_ path: String, isAtOrBelow upper: String) -> Bool {
        path == upper || path.hasPrefix(upper + ".") || path.hasPrefix(upper + "[")
    }
}

/// The path of a value in a spec: `config.Env[2]`, `config.Labels["a.b"]`.
struct SpecPath: Equatable {
    var text: String

    init(_ key: String) {
        text = Self.isBare(key) ? key : Self.quoted(key)
    }

    private init(text: String) {
        self.text = text
    }

    func key(_ key: String) -> SpecPath {
        SpecPath(text: Self.isBare(key) ? "\(text).\(key)" : "\(text)[\(Self.quoted(key))]")
    }

    subscript(index: Int) -> SpecPath { SpecPath(text: "\(text)[\(index)]") }

    private static func isBare(_ key: String) -> Bool {
        (1...80).contains(key.utf8.count)
            && key.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    private static func quoted(_ key: String) -> String { JSONValue.string(key).shortened }
}
