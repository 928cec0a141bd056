import Errors
import JSON

/// An override of a value of a spec: `config.User=nobody`.
struct SpecOverride {
    private let key: [Substring]
    private let text: String

    /// - Throws: `ToolError` with code `usage` if there is no `=`, or nothing before it.
    init(_ option: String) throws {
        guard let equals = option.firstIndex(of: "="), equals > option.startIndex else {
            throw ToolError(
                .usage, "cannot read the override '\(option)'", cause: "it is not KEY=VALUE",
                remedy: "write for example \(.overrides) tag=v1 or \(.overrides) config.User=nobody")
        }
        key = option[..<equals].split(separator: ".", omittingEmptySubsequences: false)
        text = String(option[option.index(after: equals)...])
    }

    /// The key of the spec that the override sets, or sets a part of.
    var topLevelKey: String { String(key.first ?? "") }

    /// Sets the value of the key.
    ///
    /// The text is read by the type of the key; an unreadable text stays a string, which the check of the spec reports.
    /// `null` is a string if the type takes any string and is not nullable, and null otherwise.
    ///
    /// - Returns: the path of the value; nil if there is no such key, which `report` then has as an issue.
    func apply(to members: inout [String: JSONValue], verb: SpecVerb, _ report: inout SpecReport) -> SpecPath? {
        let name = String(key.first ?? "")
        guard let specKey = SpecKey.named(name) else {
            reportUnknown(name, among: SpecKey.names(for: verb), &report)
            return nil
        }
        // An alias in the file is removed: a spec with both names is invalid.
        for other in specKey.names where other != name { members[other] = nil }
        guard let value = set(key.dropFirst(), in: members[name], type: specKey.type, &report) else { return nil }
        members[name] = value
        return key.dropFirst().reduce(SpecPath(name)) { $0.key(String($1)) }
    }

    /// The value, with the member that the rest of the key names replaced.
    private func set(
        _ rest: ArraySlice<Substring>, in current: JSONValue?, type: SpecType, _ report: inout SpecReport
    ) -> JSONValue? {
        guard let first = rest.first else { return type.read(text) }
        var members = current?.object ?? [:]
        switch type.objectForm {
        case .map(_, let values):
            // The names of a map are data, and may hold dots.
            members[rest.joined(separator: ".")] = values.read(text)
        case .record(let fields, _):
            guard let field = fields.first(where: { $0.name == first }) else {
                reportUnknown(String(first), among: fields.map(\.name), &report)
                return nil
            }
            guard let value = set(rest.dropFirst(), in: members[field.name], type: field.type, &report) else {
                return nil
            }
            members[field.name] = value
        default:
            reportUnknown(String(first), among: [], &report)
            return nil
        }
        return .object(members)
    }

    private func reportUnknown(_ name: String, among known: [String], _ report: inout SpecReport) {
        let nearest = SpecKey.suggestion(for: name, among: known).map { "; did you mean \($0)?" } ?? ""
        let path = key.joined(separator: ".").prefix(80)
        report.issues.append(
            SpecIssue(path: "\(path) (from an override)", found: .string(text), reason: "unknown key\(nearest)"))
    }
}

extension SpecType {
    /// Reads the text of an override as the type; a text that is unreadable stays a string, which the check reports.
    fileprivate func read(_ text: String) -> JSONValue {
        switch self {
        case .string, .pattern: .string(text)
        case .nullable(let type): text == "null" ? .null : type.read(text)
        case _ where text == "null": .null
        case .choice: .string(text)
        case .bool: text == "true" ? true : text == "false" ? false : .string(text)
        case .integer: Int64(text).map { .int($0) } ?? .string(text)
        case .list(.string), .list(.pattern), .command: Self.json(text, "[") ?? [.string(text)]
        case .list: Self.json(text, "[") ?? .string(text)
        case .map, .record, .anyObject: Self.json(text, "{") ?? .string(text)
        case .either: Self.json(text, "[") ?? Self.json(text, "{") ?? .string(text)
        }
    }

    private static func json(_ text: String, _ opening: String) -> JSONValue? {
        guard text.hasPrefix(opening) else { return nil }
        return try? JSONValue(parsing: Array(text.utf8), source: "an override", limit: SpecFile.limit)
    }
}
