import Errors
import JSON

/// An override of the command line: `--set config.User=nobody`.
struct SpecOverride {
    /// The text as given, for messages.
    private let option: String
    private let key: [Substring]
    private let text: String

    /// - Throws: `ToolError` with code `usage` if there is no `=`, or nothing before it.
    init(_ option: String) throws {
        guard let equals = option.firstIndex(of: "="), equals > option.startIndex else {
            throw ToolError(
                .usage, "cannot read the option --set \(option)", cause: "it is not KEY=VALUE",
                remedy: "write for instance --set tag=v1 or --set config.User=nobody")
        }
        self.option = option
        key = option[..<equals].split(separator: ".", omittingEmptySubsequences: false)
        text = String(option[option.index(after: equals)...])
    }

    /// Puts the value at the key's place. What it is read as, the key's type says; a text that does not read so stays
    /// a text, and the check of the spec then says what was expected. `null` is null where the type takes it, and a
    /// text elsewhere.
    ///
    /// - Returns: the path of what was set, nil if `report` took a fault: there is no such key.
    func apply(to members: inout [String: JSONValue], verb: SpecVerb, _ report: inout SpecReport) -> SpecPath? {
        let name = String(key.first ?? "")
        guard let specKey = SpecKey.named(name) else {
            reportUnknown(name, among: SpecKey.names(for: verb), &report)
            return nil
        }
        // An alias in the file gives way, or the two would exclude each other.
        for other in specKey.names where other != name { members[other] = nil }
        guard let value = set(key.dropFirst(), in: members[name], type: specKey.type, &report) else { return nil }
        members[name] = value
        return key.dropFirst().reduce(SpecPath(name)) { $0.key(String($1)) }
    }

    /// The value with what the rest of the key names replaced.
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
        let nearest = NearestKey.of(name, among: known).map { "; did you mean \($0)?" } ?? ""
        let path = key.joined(separator: ".").prefix(80)
        report.faults.append(
            SpecIssue(path: "\(path) (from --set)", found: .string(text), reason: "unknown key\(nearest)"))
    }
}

extension SpecType {
    /// Reads the text of a `--set` as the type. A text that is none is kept as a string, which the check refuses.
    fileprivate func read(_ text: String) -> JSONValue {
        switch self {
        case .string, .pattern, .choice: .string(text)
        case .bool: text == "true" ? true : text == "false" ? false : .string(text)
        case .integer: Int64(text).map { .int($0) } ?? .string(text)
        case .list(.string), .list(.pattern), .command: Self.json(text, "[") ?? [.string(text)]
        case .list: Self.json(text, "[") ?? .string(text)
        case .map, .record, .anyObject: Self.json(text, "{") ?? .string(text)
        case .either: Self.json(text, "[") ?? Self.json(text, "{") ?? .string(text)
        case .nullable(let type): text == "null" ? .null : type.read(text)
        }
    }

    private static func json(_ text: String, _ opening: String) -> JSONValue? {
        guard text.hasPrefix(opening) else { return nil }
        return try? JSONValue(parsing: Array(text.utf8), source: "--set", limit: SpecFile.limit)
    }
}
