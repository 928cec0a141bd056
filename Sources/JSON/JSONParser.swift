/// Reads one JSON text strictly as RFC 8259 defines it: a text that two parsers could read differently, such as an
/// object with a name twice, a trailing comma or half a surrogate pair, is an error with its position.
struct JSONParser: TextScanner {
    typealias Fault = SyntaxError

    /// The maximum depth of lists and objects, so that a text of brackets does not overflow the stack. Manifests and
    /// graphs have fewer than ten levels.
    static let deepest = 256

    /// The maximum length of a string or a number: 1 MiB. Labels and scripts, the longest real ones, have a few KiB.
    static let longestToken = 1 << 20

    let bytes: [UInt8]
    var position = 0
    private var depth = 0
    /// The longer strings so far: a graph repeats each path in many lists, and equal strings share their memory.
    private var strings: Set<String> = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The value of the whole text.
    mutating func parse() throws(SyntaxError) -> JSONValue {
        try whole { parser throws(SyntaxError) in try parser.value() }
    }

    /// The ranges of bytes of the members' values in a text that is an object.
    mutating func parseMembers() throws(SyntaxError) -> [String: Range<Int>] {
        try whole { parser throws(SyntaxError) in
            guard parser.peek == UInt8(ascii: "{") else {
                throw parser.error("expected an object, found \(parser.found)")
            }
            return try parser.nested { parser throws(SyntaxError) in
                try parser.members { parser throws(SyntaxError) in
                    let start = parser.position
                    _ = try parser.value()
                    return start..<parser.position
                }
            }
        }
    }

    private mutating func whole<Value>(
        _ body: (inout JSONParser) throws(SyntaxError) -> Value
    ) throws(SyntaxError) -> Value {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        skipBlanks()
        let value = try body(&self)
        skipBlanks()
        guard position == bytes.count else { throw error("nothing more may follow the value, found \(found)") }
        return value
    }

    private mutating func value() throws(SyntaxError) -> JSONValue {
        switch peek {
        case UInt8(ascii: "{"):
            return try nested { parser throws(SyntaxError) in
                .object(try parser.members { parser throws(SyntaxError) in try parser.value() })
            }
        case UInt8(ascii: "["): return try nested { parser throws(SyntaxError) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
        default: break
        }
        if take("true") { return .bool(true) }
        if take("false") { return .bool(false) }
        if take("null") { return .null }
        throw error("expected a value, found \(found)")
    }

    private mutating func nested<Value>(
        _ body: (inout JSONParser) throws(SyntaxError) -> Value
    ) throws(SyntaxError) -> Value {
        guard depth < Self.deepest else { throw error("lists and objects nest deeper than \(Self.deepest) levels") }
        depth += 1
        position += 1
        skipBlanks()
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func members<Value>(
        _ value: (inout JSONParser) throws(SyntaxError) -> Value
    ) throws(SyntaxError) -> [String: Value] {
        var members: [String: Value] = [:]
        if take("}") { return members }
        repeat {
            skipBlanks()
            guard peek == UInt8(ascii: "\"") else { throw error("expected a name in quotes, found \(found)") }
            let start = position
            let name = try string()
            guard members[name] == nil else {
                position = start
                throw error(
                    "the name \(JSONValue.string(String(name.prefix(80))).canonical) stands twice in one object")
            }
            skipBlanks()
            guard take(":") else { throw error("expected ':', found \(found)") }
            skipBlanks()
            members[name] = try value(&self)
            skipBlanks()
        } while take(",")
        guard take("}") else { throw error("expected ',' or '}', found \(found)") }
        return members
    }

    private mutating func array() throws(SyntaxError) -> JSONValue {
        var elements: [JSONValue] = []
        if take("]") { return .array(elements) }
        repeat {
            skipBlanks()
            elements.append(try value())
            skipBlanks()
        } while take(",")
        guard take("]") else { throw error("expected ',' or ']', found \(found)") }
        return .array(elements)
    }

    private mutating func number() throws(SyntaxError) -> JSONValue {
        let start = position
        var whole = true
        _ = take("-")
        let leading = peek
        let digits = skipDigits()
        guard digits > 0 else { throw error("expected a digit, found \(found)") }
        guard digits == 1 || leading != UInt8(ascii: "0") else { throw error("a number may not begin with 0") }
        if take(".") {
            whole = false
            guard skipDigits() > 0 else { throw error("expected a digit, found \(found)") }
        }
        if take("e") || take("E") {
            whole = false
            if !take("+") { _ = take("-") }
            guard skipDigits() > 0 else { throw error("expected a digit, found \(found)") }
        }
        guard position - start <= Self.longestToken else {
            throw error("a number has more than \(Self.longestToken) digits")
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if whole, let value = Int64(text) { return .int(value) }
        guard let value = Double(text), value.isFinite else {
            position = start
            throw error("the number is too large")
        }
        return .double(value)
    }

    private mutating func string() throws(SyntaxError) -> String {
        position += 1
        var text: [UInt8] = []
        while true {
            let start = position
            while let byte = peek, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                position += 1
            }
            text += bytes[start..<position]
            guard text.count <= Self.longestToken else {
                throw error("a string has more than \(Self.longestToken) bytes")
            }
            switch peek {
            case UInt8(ascii: "\""):
                position += 1
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw error("the string that ends here is not UTF-8")
                }
                // Shorter strings have no memory of their own, and equal ones beyond ASCII may differ in their bytes.
                guard text.count > 15, text.allSatisfy({ $0 < 0x80 }) else { return string }
                return strings.insert(string).memberAfterInsert
            case UInt8(ascii: "\\"):
                position += 1
                text += Array(String(try escape()).utf8)
            case nil: throw error("the text ends inside a string")
            default: throw error("a control character must be written as an escape")
            }
        }
    }

    private mutating func escape() throws(SyntaxError) -> Unicode.Scalar {
        if let scalar = simpleEscape() { return scalar }
        if take("/") { return "/" }
        guard take("u") else { throw error("expected an escape such as \\n or \\u00e9, found \(found)") }
        let first = try hexNumber(digits: 4)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, take("\\u") else { throw error("half a surrogate pair") }
        let second = try hexNumber(digits: 4)
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw error("half a surrogate pair") }
        return scalar
    }

    private mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }
}
