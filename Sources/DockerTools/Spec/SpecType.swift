import JSON

/// The type of a key's value, by which values are checked, overrides are read and the JSON Schema is made.
indirect enum SpecType: Sendable {
    /// A string without NUL.
    case string
    /// A string that matches a pattern.
    case pattern(SpecPattern)
    case choice([String])
    case bool
    case integer(ClosedRange<Int64>)
    /// A list of strings: a program and its arguments.
    case command
    case list(SpecType)
    /// An object with any names; each matches the pattern if there is one.
    case map(keys: SpecPattern?, values: SpecType)
    /// An object of known fields; an unknown field is an error, or a warning if the object is open.
    case record([SpecField], open: Bool)
    case anyObject
    /// One of several types with different kinds of JSON values.
    case either([SpecType])
    case nullable(SpecType)

    /// The values of the type, for messages: `a list of strings`.
    var expected: String {
        switch self {
        case .string: "a string"
        case .pattern(let pattern): pattern.expected
        case .choice(let names): "one of " + names.map { "\"\($0)\"" }.joined(separator: ", ")
        case .bool: "true or false"
        case .integer(let range): Self.description(of: range)
        case .command, .list(.string): "a list of strings"
        case .list(let element): "a list, each item \(element.expected)"
        case .map, .record, .anyObject: "an object"
        case .either(let types): types.map(\.expected).joined(separator: ", or ")
        case .nullable(let type): "\(type.expected), or null"
        }
    }

    private static func description(of range: ClosedRange<Int64>) -> String {
        switch (range.lowerBound, range.upperBound) {
        case (.min, .max): "an integer"
        case (_, .max): "an integer of \(range.lowerBound) or more"
        default: "an integer from \(range.lowerBound) to \(range.upperBound)"
        }
    }

    /// Whether null is allowed, with the meaning of a missing key.
    var isNullable: Bool {
        guard case .nullable = self else { return false }
        return true
    }

    /// The type of a value that is not null.
    var wrapped: SpecType {
        guard case .nullable(let type) = self else { return self }
        return type
    }

    /// The type of the members that a dotted path leads to; nil if no value of the type is an object.
    var objectForm: SpecType? {
        switch self {
        case .map, .record, .anyObject: self
        case .nullable(let type): type.objectForm
        case .either(let types): types.lazy.compactMap(\.objectForm).first
        default: nil
        }
    }
}

/// A known member of an object.
struct SpecField: Sendable {
    let name: String
    let type: SpecType
    /// A description in one line.
    let meaning: String

    init(_ name: String, _ type: SpecType, _ meaning: String) {
        self.name = name
        self.type = type
        self.meaning = meaning
    }
}

extension SpecType {
    /// Checks a value of a spec against the type.
    ///
    /// - Parameters:
    ///   - path: the path of the value.
    ///   - report: receives the issues.
    func check(_ value: JSONValue, at path: SpecPath, _ report: inout SpecReport) {
        switch (self, value) {
        case (.nullable, .null), (.bool, .bool), (.anyObject, .object):
            break
        case (.nullable(let type), _):
            type.check(value, at: path, &report)
        case (.string, .string(let text)):
            Self.checkText(text, { _ in nil }, at: path, &report)
        case (.pattern(let pattern), .string(let text)):
            Self.checkText(text, pattern.issue, at: path, &report)
        case (.choice(let names), .string(let text)):
            guard !names.contains(text) else { return }
            let nearest = NearestKey.of(text, among: names).map { "; did you mean \"\($0)\"?" } ?? ""
            report.issues.append(SpecIssue(path: path.text, found: value, reason: "expected \(expected)\(nearest)"))
        case (.integer(let range), _) where value.wholeNumber.map(range.contains) ?? false:
            break
        case (.command, .array(let elements)):
            Self.check(elements, .string, at: path, &report)
        case (.list(let element), .array(let elements)):
            Self.check(elements, element, at: path, &report)
        case (.map(let keys, let values), .object(let members)):
            for (key, member) in members.inOrder {
                if let issue = keys?.issue(key) {
                    report.issues.append(SpecIssue(path: path.key(key).text, found: .string(key), reason: issue))
                }
                values.check(member, at: path.key(key), &report)
            }
        case (.record(let fields, let open), .object(let members)):
            for (key, member) in members.inOrder {
                if let field = fields.first(where: { $0.name == key }) {
                    // A member that is null counts as absent.
                    if member != .null { field.type.check(member, at: path.key(key), &report) }
                } else {
                    Self.reportUnknown(path.key(key), member, key, fields, open: open, &report)
                }
            }
        case (.either(let types), _):
            guard let type = types.first(where: { $0.takes(kindOf: value) }) else { fallthrough }
            type.check(value, at: path, &report)
        default:
            report.issues.append(
                SpecIssue(path: path.text, found: value, reason: "expected \(expected)\(listForm(of: value))"))
        }
    }

    private static func check(
        _ elements: [JSONValue], _ type: SpecType, at path: SpecPath, _ report: inout SpecReport
    ) {
        for (index, element) in elements.enumerated() { type.check(element, at: path[index], &report) }
    }

    private static func checkText(
        _ text: String, _ issue: (String) -> String?, at path: SpecPath, _ report: inout SpecReport
    ) {
        let reason = text.utf8.contains(0) ? "expected a text without NUL characters" : issue(text)
        guard let reason else { return }
        report.issues.append(SpecIssue(path: path.text, found: .string(text), reason: reason))
    }

    private static func reportUnknown(
        _ path: SpecPath, _ value: JSONValue, _ key: String, _ fields: [SpecField], open: Bool,
        _ report: inout SpecReport
    ) {
        let names = fields.map(\.name)
        let nearest = NearestKey.of(key, among: names).map { "; did you mean \($0)?" } ?? ""
        if open {
            report.warnings.append("\(path.text): unknown key, kept as it is\(nearest)")
        } else {
            report.issues.append(SpecIssue(path: path.text, found: value, reason: "unknown key\(nearest)"))
        }
    }

    /// Whether a value has the kind of JSON value that the type has.
    private func takes(kindOf value: JSONValue) -> Bool {
        switch (self, value) {
        case (.string, .string), (.pattern, .string), (.choice, .string), (.list, .array), (.command, .array),
            (.record, .object), (.map, .object), (.anyObject, .object):
            true
        default: false
        }
    }

    /// The list to write instead of a string, if a list of strings is expected.
    private func listForm(of value: JSONValue) -> String {
        guard case .string(let text) = value else { return "" }
        let list: [JSONValue]
        switch self {
        case .command where text.contains(where: { "\"'\\$`|&;<>()*?[]#~\n".contains($0) }):
            list = ["/bin/sh", "-c", value]
        case .command: list = text.split(separator: " ").map { .string(String($0)) }
        case .list(.string), .list(.pattern): list = [value]
        default: return ""
        }
        return ": write \(JSONValue.array(list).shortened)"
    }
}

extension JSONValue {
    /// The value as an integer; `2.0` is an integer too, as in JSON Schema.
    var wholeNumber: Int64? {
        switch self {
        case .int(let value): value
        case .double(let value): Int64(exactly: value)
        default: nil
        }
    }
}

extension [String: JSONValue] {
    /// The members sorted by the bytes of their names, so that messages have the same order each time.
    var inOrder: [(key: String, value: JSONValue)] {
        sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }
}
