import ByteIO
import JSON
import OCI

/// Reads a TOML 1.0 document as an equivalent JSON value: dates and times become RFC 3339 strings; infinities and NaN,
/// which JSON does not have, are errors.
///
/// The project has its own parser because toml++ 3.4, which all Swift wrappers use, aborts the process on invalid input
/// such as `[=]`. It shares its scanner with the JSON parser.
///
/// Source: https://toml.io/en/v1.0.0.
struct TOMLParser: TextScanner {
    /// The maximum depth of lists and inline tables, so that a text of brackets does not overflow the stack.
    private static let deepest = 64
    /// The maximum number of parts of a dotted key; each is a table in the one before.
    private static let mostParts = 16

    let bytes: [UInt8]
    var position = 0
    private var depth = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The value of the whole document.
    mutating func parse() throws(SyntaxError) -> JSONValue {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw error("the text is not UTF-8") }
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
                throw error("expected the line's end, found \(found)")
            }
        }
    }

    private mutating func header(in document: TOMLTable) throws(SyntaxError) -> TOMLTable {
        let start = position
        let asElement = take("[[")
        if !asElement { position += 1 }
        let key = try key()
        guard take(asElement ? "]]" : "]") else { throw error("expected '\(asElement ? "]]" : "]")', found \(found)") }
        guard let table = document.open(key, asElement: asElement) else {
            position = start
            throw error("the table \(Self.written(key)) is already defined")
        }
        return table
    }

    private mutating func pair(into table: TOMLTable) throws(SyntaxError) {
        try skipBlanks(acrossLines: false)
        let start = position
        let key = try key()
        guard take("=") else { throw error("expected '=', found \(found)") }
        try skipBlanks(acrossLines: false)
        let value = try value()
        guard table.set(key, to: value) else {
            position = start
            throw error("the key \(Self.written(key)) is already defined")
        }
    }

    /// A dotted key, with spaces around its parts.
    private mutating func key() throws(SyntaxError) -> [String] {
        var parts: [String] = []
        repeat {
            try skipBlanks(acrossLines: false)
            guard parts.count < Self.mostParts else { throw error("a key has more than \(Self.mostParts) parts") }
            switch peek {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): parts.append(try lineString())
            default:
                let bare = takeAll { ReferenceGrammar.isAlphanumeric($0) || "_-".utf8.contains($0) }
                guard !bare.isEmpty else { throw error("expected a key, found \(found)") }
                parts.append(String(decoding: bare, as: UTF8.self))
            }
            try skipBlanks(acrossLines: false)
        } while take(".")
        return parts
    }

    private mutating func value() throws(SyntaxError) -> JSONValue {
        switch peek {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try string())
        case UInt8(ascii: "["): return try nested { parser throws(SyntaxError) in try parser.array() }
        case UInt8(ascii: "{"): return try nested { parser throws(SyntaxError) in try parser.inlineTable() }
        default: return try scalar()
        }
    }

    private mutating func nested(_ body: (inout TOMLParser) throws(SyntaxError) -> JSONValue) throws(SyntaxError)
        -> JSONValue
    {
        guard depth < Self.deepest else { throw error("lists and tables nest deeper than \(Self.deepest) levels") }
        depth += 1
        position += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func array() throws(SyntaxError) -> JSONValue {
        var elements: [JSONValue] = []
        repeat {
            try skipBlanks(acrossLines: true)
            if take("]") { return .array(elements) }
            elements.append(try value())
            try skipBlanks(acrossLines: true)
        } while take(",")
        guard take("]") else { throw error("expected ',' or ']', found \(found)") }
        return .array(elements)
    }

    private mutating func inlineTable() throws(SyntaxError) -> JSONValue {
        let table = TOMLTable(.header)
        try skipBlanks(acrossLines: false)
        if take("}") { return table.value }
        repeat {
            try pair(into: table)
            try skipBlanks(acrossLines: false)
        } while take(",")
        guard take("}") else { throw error("expected ',' or '}', found \(found)") }
        return table.value
    }

    private static func written(_ key: [String]) -> String { String(key.joined(separator: ".").prefix(80)).onOneLine }
}

extension TOMLParser {
    /// Skips spaces, tabs and a comment; across lines, any number of them and of line breaks.
    mutating func skipBlanks(acrossLines: Bool) throws(SyntaxError) {
        repeat {
            _ = takeAll { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            if take("#") {
                _ = takeAll { !Self.isControl($0) }
                guard peek == nil || peek == UInt8(ascii: "\n") || bytes[position...].starts(with: Array("\r\n".utf8))
                else { throw error("a comment may hold no control character") }
            }
        } while acrossLines && (take("\n") || take("\r\n"))
    }

    /// A single-line string.
    mutating func lineString() throws(SyntaxError) -> String {
        let isLiteral = take("'")
        if !isLiteral { position += 1 }
        let quote = isLiteral ? UInt8(ascii: "'") : UInt8(ascii: "\"")
        var text: [UInt8] = []
        while true {
            text += takeAll { $0 != quote && !Self.isControl($0) && (isLiteral || $0 != UInt8(ascii: "\\")) }
            guard let byte = peek else { throw error("the text ends inside a string") }
            if byte == quote { break }
            guard byte == UInt8(ascii: "\\") else {
                throw error("a string of one line may hold neither line breaks nor control characters")
            }
            position += 1
            text += Array(String(try escape()).utf8)
        }
        position += 1
        return String(decoding: text, as: UTF8.self)
    }

    /// A single-line or multi-line string.
    mutating func string() throws(SyntaxError) -> String {
        if take("\"\"\"") { return try linesString(UInt8(ascii: "\""), "\"\"\"", isLiteral: false) }
        if take("'''") { return try linesString(UInt8(ascii: "'"), "'''", isLiteral: true) }
        return try lineString()
    }

    /// The rest of a multi-line string. Line breaks in it become `\n`, which TOML allows.
    private mutating func linesString(
        _ quote: UInt8, _ end: StaticString, isLiteral: Bool
    ) throws(SyntaxError) -> String {
        if !take("\n") { _ = take("\r\n") }
        var text: [UInt8] = []
        while true {
            text += takeAll { $0 != quote && !Self.isControl($0) && (isLiteral || $0 != UInt8(ascii: "\\")) }
            if take(end) { break }
            guard let byte = peek else { throw error("the text ends inside a string") }
            if take("\n") || take("\r\n") {
                text.append(UInt8(ascii: "\n"))
            } else if byte == quote {
                text.append(byte)
                position += 1
            } else if byte == UInt8(ascii: "\\") {
                position += 1
                if !(try skipFoldedLines()) { text += Array(String(try escape()).utf8) }
            } else {
                throw error("a control character must be written as an escape")
            }
        }
        // Up to two quotes may precede the three that end the string.
        for _ in 0..<2 where peek == quote {
            text.append(quote)
            position += 1
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Skips the line break that follows a backslash, with all spaces and line breaks after it.
    ///
    /// - Returns: whether a line break follows.
    private mutating func skipFoldedLines() throws(SyntaxError) -> Bool {
        let start = position
        _ = takeAll { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard take("\n") || take("\r\n") else {
            position = start
            return false
        }
        repeat { _ = takeAll { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } } while take("\n") || take("\r\n")
        return true
    }

    private mutating func escape() throws(SyntaxError) -> Unicode.Scalar {
        if let scalar = simpleEscape() { return scalar }
        let digits = take("u") ? 4 : take("U") ? 8 : 0
        guard digits > 0 else { throw error("expected an escape such as \\n or \\u00e9, found \(found)") }
        let code = try hexNumber(digits: digits)
        guard let scalar = Unicode.Scalar(code) else { throw error("the escape is not a Unicode character") }
        return scalar
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7F }
}

extension TOMLParser {
    /// A boolean, a number, a date or a time.
    mutating func scalar() throws(SyntaxError) -> JSONValue {
        let start = position
        func belongs(_ byte: UInt8) -> Bool { ReferenceGrammar.isAlphanumeric(byte) || "+-_.:".utf8.contains(byte) }
        _ = takeAll(belongs)
        // A space may separate a date and its time.
        if position - start == 10, bytes[start + 4] == UInt8(ascii: "-"), peek == UInt8(ascii: " "),
            bytes[position...].dropFirst().first.map(Self.isDigit) ?? false
        {
            position += 1
            _ = takeAll(belongs)
        }
        let token = String(decoding: bytes[start..<position], as: UTF8.self)
        if token == "true" { return true }
        if token == "false" { return false }
        if let value = Self.time(token) ?? Self.number(token) { return value }
        position = start
        switch token.drop(while: { "+-".contains($0) }) {
        case "": throw error("expected a value, found \(found)")
        case "inf", "nan": throw error("a spec cannot have infinities or NaN")
        default: throw error("expected a value, found \"\(token.prefix(80))\"")
        }
    }

    /// A date, a time or both in the form of RFC 3339, with `T` between them and `Z` for UTC.
    private static func time(_ token: String) -> JSONValue? {
        let isClock = token.utf8.dropFirst(2).first == UInt8(ascii: ":")
        let forms = isClock ? ["1970-01-01T\(token)Z"] : [token, "\(token)Z", "\(token)T00:00:00Z"]
        guard forms.contains(where: { Timestamp($0) != nil }) else { return nil }
        // A valid time has no other letters than T and Z, and no other spaces.
        return .string(String(token.uppercased().map { $0 == " " ? "T" : $0 }))
    }

    private static func number(_ token: String) -> JSONValue? {
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where token.hasPrefix(prefix) {
            let digits = token.dropFirst(2)
            guard digits.utf8.first.map(ReferenceGrammar.isAlphanumeric) ?? false else { return nil }
            return withoutUnderscores(digits, isDigit: ReferenceGrammar.isAlphanumeric).flatMap {
                Int64($0, radix: radix)
            }
            .map { .int($0) }
        }
        let unsigned = token.hasPrefix("+") || token.hasPrefix("-") ? token.dropFirst() : token[...]
        guard let digits = withoutUnderscores(unsigned), isDecimal(digits) else { return nil }
        let text = (token.hasPrefix("-") ? "-" : "") + digits
        if digits.utf8.allSatisfy(isDigit) { return Int64(text).map { .int($0) } }
        return Double(text).flatMap { $0.isFinite ? .double($0) : nil }
    }

    /// Nil if an underscore is not between two digits.
    private static func withoutUnderscores(_ text: Substring, isDigit: (UInt8) -> Bool = isDigit) -> String? {
        let runs = text.split(separator: "_", omittingEmptySubsequences: false)
        for (left, right) in zip(runs, runs.dropFirst()) {
            guard left.utf8.last.map(isDigit) ?? false, right.utf8.first.map(isDigit) ?? false else { return nil }
        }
        return runs.joined()
    }

    /// Whether a text is a decimal number without leading zeros: `1`, `1.5`, `1e5`, `1.5e-5`.
    private static func isDecimal(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        func takeDigits() -> Int {
            let digits = rest.prefix(while: isDigit).count
            rest = rest.dropFirst(digits)
            return digits
        }
        let startsWithZero = rest.first == UInt8(ascii: "0")
        let whole = takeDigits()
        guard whole > 0, whole == 1 || !startsWithZero else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard takeDigits() > 0 else { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
            guard takeDigits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}
