import Images
import Archives

/// Reads a TOML 1.0 document as the JSON value that says the same: dates and times become strings as RFC 3339 writes
/// them; infinities and NaN, which JSON does not have, are refused.
///
/// The parsers to be had end the program at malformed input, as toml++ does at `[=]`, or read it loosely; hence this.
/// Source: https://toml.io/en/v1.0.0.
struct TOMLParser {
    /// A fault of the text, with its place.
    struct Fault: Error, Equatable {
        var position: TextPosition
        var reason: String
    }

    /// The most levels of lists and inline tables: a text of brackets alone must not use up the stack.
    private static let deepest = 64
    /// The most parts of a dotted key; each is a table in the one before.
    private static let mostParts = 16

    let bytes: [UInt8]
    var position = 0
    private var depth = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The value of the whole document.
    mutating func parse() throws(Fault) -> JSONValue {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw fault("the text is not UTF-8") }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        let document = TOMLTable(.header)
        var current = document
        while true {
            try skipBlanks(acrossLines: true)
            guard let byte = peek else { return document.value }
            if byte == UInt8(ascii: "[") {
                current = try header(in: document)
            } else {
                try pair(into: current)
            }
            try skipBlanks(acrossLines: false)
            guard peek == nil || take("\n") || take("\r\n") else {
                throw fault("expected the line's end, found \(found)")
            }
        }
    }

    private mutating func header(in document: TOMLTable) throws(Fault) -> TOMLTable {
        let start = position
        let asElement = take("[[")
        if !asElement { position += 1 }
        let key = try key()
        guard take(asElement ? "]]" : "]") else { throw fault("expected '\(asElement ? "]]" : "]")', found \(found)") }
        guard let table = document.open(key, asElement: asElement) else {
            position = start
            throw fault("the table \(Self.written(key)) is defined already")
        }
        return table
    }

    private mutating func pair(into table: TOMLTable) throws(Fault) {
        try skipBlanks(acrossLines: false)
        let start = position
        let key = try key()
        guard take("=") else { throw fault("expected '=', found \(found)") }
        try skipBlanks(acrossLines: false)
        let value = try value()
        guard table.set(key, to: value) else {
            position = start
            throw fault("the key \(Self.written(key)) is defined already")
        }
    }

    /// A dotted key with the blanks around its parts.
    private mutating func key() throws(Fault) -> [String] {
        var parts: [String] = []
        repeat {
            try skipBlanks(acrossLines: false)
            guard parts.count < Self.mostParts else { throw fault("a key has more than \(Self.mostParts) parts") }
            switch peek {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): parts.append(try lineString())
            default:
                let bare = takeAll { ReferenceName.isAlphanumeric($0) || "_-".utf8.contains($0) }
                guard !bare.isEmpty else { throw fault("expected a key, found \(found)") }
                parts.append(String(decoding: bare, as: UTF8.self))
            }
            try skipBlanks(acrossLines: false)
        } while take(".")
        return parts
    }

    private mutating func value() throws(Fault) -> JSONValue {
        switch peek {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try string())
        case UInt8(ascii: "["): return try nested { parser throws(Fault) in try parser.array() }
        case UInt8(ascii: "{"): return try nested { parser throws(Fault) in try parser.inlineTable() }
        default: return try scalar()
        }
    }

    private mutating func nested(_ body: (inout TOMLParser) throws(Fault) -> JSONValue) throws(Fault) -> JSONValue {
        guard depth < Self.deepest else { throw fault("lists and tables nest deeper than \(Self.deepest) levels") }
        depth += 1
        position += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func array() throws(Fault) -> JSONValue {
        var elements: [JSONValue] = []
        repeat {
            try skipBlanks(acrossLines: true)
            if take("]") { return .array(elements) }
            elements.append(try value())
            try skipBlanks(acrossLines: true)
        } while take(",")
        guard take("]") else { throw fault("expected ',' or ']', found \(found)") }
        return .array(elements)
    }

    private mutating func inlineTable() throws(Fault) -> JSONValue {
        let table = TOMLTable(.header)
        try skipBlanks(acrossLines: false)
        if take("}") { return table.value }
        repeat {
            try pair(into: table)
            try skipBlanks(acrossLines: false)
        } while take(",")
        guard take("}") else { throw fault("expected ',' or '}', found \(found)") }
        return table.value
    }

    private static func written(_ key: [String]) -> String { String(key.joined(separator: ".").prefix(80)).onOneLine }
}
