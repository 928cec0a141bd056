/// Reads one JSON text as RFC 8259 has it, and nothing looser: what two readers could take for two different things
/// (a name twice in an object, a comma too many, half a surrogate pair) is an error that says where it stands.
struct JSONParser {
    /// A fault of the text, with its place.
    struct Fault: Error, Equatable {
        var position: TextPosition
        var reason: String
    }

    /// The most levels of lists and objects: a text of brackets alone must not use up the stack. Real manifests and
    /// graphs have fewer than ten.
    static let deepest = 256

    /// The most bytes of a string or a number: 1 MiB. Labels and scripts, the longest honest ones, have some KiB.
    static let longestToken = 1 << 20

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The value of the whole text.
    mutating func parse() throws(Fault) -> JSONValue {
        try whole { parser throws(Fault) in try parser.value() }
    }

    /// Where the values of the members stand in a text that is an object.
    mutating func parseMembers() throws(Fault) -> [String: Range<Int>] {
        try whole { parser throws(Fault) in
            guard parser.peek == UInt8(ascii: "{") else {
                throw parser.fault("expected an object, found \(parser.found)")
            }
            return try parser.nested { parser throws(Fault) in
                try parser.members { parser throws(Fault) in
                    let start = parser.position
                    _ = try parser.value()
                    return start..<parser.position
                }
            }
        }
    }

    private mutating func whole<Value>(
        _ body: (inout JSONParser) throws(Fault) -> Value
    ) throws(Fault) -> Value {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        skipBlanks()
        let value = try body(&self)
        skipBlanks()
        guard position == bytes.count else { throw fault("nothing more may follow the value, found \(found)") }
        return value
    }

    private mutating func value() throws(Fault) -> JSONValue {
        switch peek {
        case UInt8(ascii: "{"):
            return try nested { parser throws(Fault) in
                .object(try parser.members { parser throws(Fault) in try parser.value() })
            }
        case UInt8(ascii: "["): return try nested { parser throws(Fault) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
        default: break
        }
        if take("true") { return .bool(true) }
        if take("false") { return .bool(false) }
        if take("null") { return .null }
        throw fault("expected a value, found \(found)")
    }

    private mutating func nested<Value>(
        _ body: (inout JSONParser) throws(Fault) -> Value
    ) throws(Fault) -> Value {
        guard depth < Self.deepest else { throw fault("lists and objects nest deeper than \(Self.deepest) levels") }
        depth += 1
        position += 1
        skipBlanks()
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func members<Value>(
        _ value: (inout JSONParser) throws(Fault) -> Value
    ) throws(Fault) -> [String: Value] {
        var members: [String: Value] = [:]
        if take("}") { return members }
        repeat {
            skipBlanks()
            guard peek == UInt8(ascii: "\"") else { throw fault("expected a name in quotes, found \(found)") }
            let start = position
            let name = try string()
            guard members[name] == nil else {
                position = start
                throw fault(
                    "the name \(JSONValue.string(String(name.prefix(80))).canonical) stands twice in one object")
            }
            skipBlanks()
            guard take(":") else { throw fault("expected ':', found \(found)") }
            skipBlanks()
            members[name] = try value(&self)
            skipBlanks()
        } while take(",")
        guard take("}") else { throw fault("expected ',' or '}', found \(found)") }
        return members
    }

    private mutating func array() throws(Fault) -> JSONValue {
        var elements: [JSONValue] = []
        if take("]") { return .array(elements) }
        repeat {
            skipBlanks()
            elements.append(try value())
            skipBlanks()
        } while take(",")
        guard take("]") else { throw fault("expected ',' or ']', found \(found)") }
        return .array(elements)
    }

    private mutating func number() throws(Fault) -> JSONValue {
        let start = position
        var whole = true
        _ = take("-")
        let leading = peek
        let digits = skipDigits()
        guard digits > 0 else { throw fault("expected a digit, found \(found)") }
        guard digits == 1 || leading != UInt8(ascii: "0") else { throw fault("a number may not begin with 0") }
        if take(".") {
            whole = false
            guard skipDigits() > 0 else { throw fault("expected a digit, found \(found)") }
        }
        if take("e") || take("E") {
            whole = false
            if !take("+") { _ = take("-") }
            guard skipDigits() > 0 else { throw fault("expected a digit, found \(found)") }
        }
        guard position - start <= Self.longestToken else {
            throw fault("a number has more than \(Self.longestToken) digits")
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if whole, let value = Int64(text) { return .int(value) }
        guard let value = Double(text), value.isFinite else {
            position = start
            throw fault("the number is too large")
        }
        return .double(value)
    }

    private mutating func string() throws(Fault) -> String {
        position += 1
        var text: [UInt8] = []
        while true {
            let start = position
            while let byte = peek, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                position += 1
            }
            text += bytes[start..<position]
            guard text.count <= Self.longestToken else {
                throw fault("a string has more than \(Self.longestToken) bytes")
            }
            switch peek {
            case UInt8(ascii: "\""):
                position += 1
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw fault("the string that ends here is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"):
                position += 1
                text += Array(String(try escape()).utf8)
            case nil: throw fault("the text ends inside a string")
            default: throw fault("a control character must be written as an escape")
            }
        }
    }

    private mutating func escape() throws(Fault) -> Unicode.Scalar {
        if let byte = peek, let plain = Self.escapes[byte] {
            position += 1
            return plain
        }
        guard take("u") else { throw fault("expected an escape such as \\n or \\u00e9, found \(found)") }
        let first = try hexUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, take("\\u") else { throw fault("half a surrogate pair") }
        let second = try hexUnit()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw fault("half a surrogate pair") }
        return scalar
    }

    private static let escapes: [UInt8: Unicode.Scalar] = [
        UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/", UInt8(ascii: "b"): "\u{8}",
        UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "n"): "\n", UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
    ]

    private mutating func hexUnit() throws(Fault) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fault("expected a hexadecimal digit, found \(found)")
            }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while let byte = peek, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { position += 1 }
        return position - start
    }

    private mutating func take(_ token: StaticString) -> Bool {
        let length = token.utf8CodeUnitCount
        let matches = token.withUTF8Buffer { bytes[position...].starts(with: $0) }
        if matches { position += length }
        return matches
    }

    /// What stands at the position, in words.
    private var found: String {
        guard let byte = peek else { return "the end of the text" }
        guard byte >= 0x20, byte != 0x7F else { return "a control character" }
        return byte < 0x80 ? "'\(Unicode.Scalar(byte))'" : "a character beyond ASCII"
    }

    private func fault(_ reason: String) -> Fault {
        Fault(position: TextPosition(of: position, in: bytes), reason: reason)
    }
}

/// A place in a text, as editors count it.
package struct TextPosition: Hashable, Sendable {
    /// From 1.
    package let line: Int
    /// In characters, from 1.
    package let column: Int

    /// The place of a byte of a text in UTF-8.
    package init(of index: Int, in bytes: [UInt8]) {
        let before = bytes.prefix(max(0, index))
        line = before.count { $0 == 0x0A } + 1
        // A character is counted at its first byte: those of the form 10xxxxxx go on with one.
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        column = before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1
    }
}

extension TextPosition: CustomStringConvertible {
    package var description: String { "line \(line), column \(column)" }
}
