import JSON
import SystemPackage

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
                report.faults.append(SpecIssue(path: place.text, found: nil, reason: "expected an object"))
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
                    SpecIssue(
                        path: path(alias), found: members[alias],
                        reason: "another name of \(key.name), expected only one of the two"))
            }
            if given.isEmpty, key.requiredBy.contains(verb) {
                report.faults.append(
                    SpecIssue(path: path(key.name), found: nil, reason: "expected \(key.type.expected)"))
            }
        }
    }

    private mutating func check(_ name: String, _ value: JSONValue) {
        let path = SpecPath(name)
        guard let key = SpecKey.named(name) else {
            let nearest = NearestKey.of(name, among: SpecKey.names(for: verb)).map { "; did you mean \($0)?" } ?? ""
            report.faults.append(SpecIssue(path: path.text, found: value, reason: "unknown key\(nearest)"))
            return
        }
        guard key.verbs.contains(verb) || key.ignoredBy.contains(verb) else {
            let verbs = key.verbs.map(\.rawValue).joined(separator: ", ")
            report.faults.append(
                SpecIssue(path: path.text, found: value, reason: "the key is for \(verbs), not for \(verb.rawValue)"))
            return
        }
        if key.isBuilt {
            key.type.check(value, at: path, &report)
        } else if value != .null, value != key.defaultValue {
            let harmless = key.defaultValue.map { ", expected no more than \($0.canonical)" } ?? ""
            report.faults.append(SpecIssue(path: path.text, found: value, reason: "not built yet\(harmless)"))
        }
    }

    private static func path(_ path: String, isAtOrBelow upper: String) -> Bool {
        path == upper || path.hasPrefix(upper + ".") || path.hasPrefix(upper + "[")
    }
}

/// The path of a value in a spec, as people write it: `config.Env[2]`, `config.Labels["a.b"]`.
struct SpecPath: Equatable {
    var text: String

    init(_ key: String) {
        text = Self.isPlain(key) ? key : Self.quoted(key)
    }

    private init(text: String) {
        self.text = text
    }

    func key(_ key: String) -> SpecPath {
        SpecPath(text: Self.isPlain(key) ? "\(text).\(key)" : "\(text)[\(Self.quoted(key))]")
    }

    subscript(index: Int) -> SpecPath { SpecPath(text: "\(text)[\(index)]") }

    private static func isPlain(_ key: String) -> Bool {
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

extension String {
    /// The path that a relative one means, without the steps that lead nowhere. `..` stays, since what it steps out of may
    /// be a link.
    func path(from directory: FilePath) -> FilePath {
        var path = directory.pushing(FilePath(self))
        path.components.removeAll { $0.kind == .currentDirectory }
        return path
    }
}
