import Errors

/// A JSON value: the contents of specs, graphs, manifests and configs.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
}

extension JSONValue {
    /// The member of an object; nil if it does not exist or the value is not an object.
    public subscript(_ key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    /// The value of a string; nil for any other value.
    public var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// The value of an integer; nil for any other value.
    public var int: Int64? {
        guard case .int(let value) = self else { return nil }
        return value
    }

    /// The value of a boolean; nil for any other value.
    public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The value of a list; nil for any other value.
    public var array: [JSONValue]? {
        guard case .array(let value) = self else { return nil }
        return value
    }

    /// The value of an object; nil for any other value.
    public var object: [String: JSONValue]? {
        guard case .object(let value) = self else { return nil }
        return value
    }

    /// The strings of an array of strings; nil for any other value.
    public var strings: [String]? {
        guard let array else { return nil }
        let strings = array.compactMap(\.string)
        return strings.count == array.count ? strings : nil
    }

    /// The kind of the value with an article, for messages: `a list`.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .int: "an integer"
        case .double: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An integer.
    public init(integerLiteral value: Int64) { self = .int(value) }
    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A list.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object. The last of several members with the same name counts.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
    /// The value `null`.
    public init(nilLiteral: ()) { self = .null }
}

extension JSONValue {
    /// Parses a JSON text as strictly as `JSONParser` does.
    ///
    /// - Parameters:
    ///   - bytes: the text, in UTF-8.
    ///   - source: the name of the text in errors: `the graph 'closure.json'`.
    ///   - limit: the maximum size of the text in bytes.
    /// - Throws: `ToolError` with code `data` if the text is too long, nested too deeply, or not valid JSON; the cause
    ///   names the line and column.
    public init(parsing bytes: [UInt8], source: String, limit: Int) throws {
        self = try JSONParser.reading(bytes, source: source, limit: limit) { parser throws(JSONParser.Fault) in
            try parser.parse()
        }
    }
}

extension JSONParser {
    /// Parses a text, and converts parse errors.
    ///
    /// - Throws: `ToolError` with code `data`.
    static func reading<Value>(
        _ bytes: [UInt8], source: String, limit: Int, _ read: (inout JSONParser) throws(Fault) -> Value
    ) throws -> Value {
        guard bytes.count <= limit else {
            throw ToolError(
                .data, "cannot read \(source)", cause: "it has \(bytes.count) bytes, more than the limit of \(limit)",
                remedy: "check that this is the file you meant")
        }
        do {
            var parser = JSONParser(bytes)
            return try read(&parser)
        } catch {
            throw ToolError(
                .data, "cannot read \(source)",
                cause: "it is not valid JSON: \(error.position): \(error.reason)",
                remedy: "correct the file; `python3 -m json.tool` shows where a JSON text is invalid")
        }
    }
}

extension JSONValue {
    /// The canonical text of a value, which is used for everything that is hashed: configs, manifests, build arguments.
    ///
    /// Members are sorted by the bytes of their keys; there is no whitespace; `/` and characters outside ASCII are not
    /// escaped.
    public var canonical: String { written(indent: nil) }

    /// The canonical text with line breaks and an indentation of two spaces for each level.
    public var pretty: String { written(indent: 0) }

    private func written(indent: Int?) -> String {
        var text = ""
        write(to: &text, indent: indent)
        return text
    }

    private func write(to text: inout String, indent: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .int(let value): text += String(value)
        case .double(let value): text += Self.spelling(of: value)
        case .string(let value): Self.quote(value, to: &text)
        case .array(let values):
            Self.writeList("[", "]", values, to: &text, indent: indent) { value, text, inner in
                value.write(to: &text, indent: inner)
            }
        case .object(let members):
            let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            Self.writeList("{", "}", sorted, to: &text, indent: indent) { member, text, inner in
                Self.quote(member.key, to: &text)
                text += inner == nil ? ":" : ": "
                member.value.write(to: &text, indent: inner)
            }
        }
    }

    private static func writeList<Element>(
        _ open: String, _ close: String, _ elements: [Element], to text: inout String, indent: Int?,
        each: (Element, inout String, Int?) -> Void
    ) {
        text += open
        let inner = indent.map { $0 + 1 }
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            newLine(to: &text, indent: inner)
            each(element, &text, inner)
        }
        if !elements.isEmpty { newLine(to: &text, indent: indent) }
        text += close
    }

    private static func newLine(to text: inout String, indent: Int?) {
        guard let indent else { return }
        text += "\n" + String(repeating: "  ", count: indent)
    }

    /// Formats a number. A number without a fraction is an integer, so that `1` and `1.0` have the same text.
    private static func spelling(of value: Double) -> String {
        if let whole = Int64(exactly: value) { return String(whole) }
        return "\(value)"
    }

    private static func quote(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..."\u{1F}", "\u{7F}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
