import Archives

extension TOMLParser {
    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func take(_ token: StaticString) -> Bool {
        let matches = token.withUTF8Buffer { bytes[position...].starts(with: $0) }
        if matches { position += token.utf8CodeUnitCount }
        return matches
    }

    mutating func takeAll(_ belongs: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let taken = bytes[position...].prefix(while: belongs)
        position += taken.count
        return taken
    }

    /// Goes past blanks and a comment, or any number of them and of line breaks.
    mutating func skipBlanks(acrossLines: Bool) throws(Fault) {
        repeat {
            _ = takeAll { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            if take("#") {
                _ = takeAll { !Self.isControl($0) }
                guard peek == nil || peek == UInt8(ascii: "\n") || bytes[position...].starts(with: Array("\r\n".utf8))
                else { throw fault("a comment may hold no control character") }
            }
        } while acrossLines && (take("\n") || take("\r\n"))
    }

    /// A string of one line.
    mutating func lineString() throws(Fault) -> String {
        let isLiteral = take("'")
        if !isLiteral { position += 1 }
        let quote = isLiteral ? UInt8(ascii: "'") : UInt8(ascii: "\"")
        var text: [UInt8] = []
        while true {
            text += takeAll { $0 != quote && !Self.isControl($0) && (isLiteral || $0 != UInt8(ascii: "\\")) }
            guard let byte = peek else { throw fault("the text ends inside a string") }
            if byte == quote { break }
            guard byte == UInt8(ascii: "\\") else {
                throw fault("a string of one line may hold neither line breaks nor control characters")
            }
            position += 1
            text += Array(String(try escape()).utf8)
        }
        position += 1
        return String(decoding: text, as: UTF8.self)
    }

    /// A string of one line or of many.
    mutating func string() throws(Fault) -> String {
        if take("\"\"\"") { return try linesString(UInt8(ascii: "\""), "\"\"\"", isLiteral: false) }
        if take("'''") { return try linesString(UInt8(ascii: "'"), "'''", isLiteral: true) }
        return try lineString()
    }

    /// The rest of a string of many lines. Line breaks in it become `\n`, as TOML lets them.
    private mutating func linesString(
        _ quote: UInt8, _ end: StaticString, isLiteral: Bool
    ) throws(Fault) -> String {
        if !take("\n") { _ = take("\r\n") }
        var text: [UInt8] = []
        while true {
            text += takeAll { $0 != quote && !Self.isControl($0) && (isLiteral || $0 != UInt8(ascii: "\\")) }
            if take(end) { break }
            guard let byte = peek else { throw fault("the text ends inside a string") }
            if take("\n") || take("\r\n") {
                text.append(UInt8(ascii: "\n"))
            } else if byte == quote {
                text.append(byte)
                position += 1
            } else if byte == UInt8(ascii: "\\") {
                position += 1
                if !(try skipFoldedLines()) { text += Array(String(try escape()).utf8) }
            } else {
                throw fault("a control character must be written as an escape")
            }
        }
        // Up to two quotes may stand right before the three that end the string.
        for _ in 0..<2 where peek == quote {
            text.append(quote)
            position += 1
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Goes past what a backslash at a line's end takes away: the line break and all blanks and breaks after it.
    private mutating func skipFoldedLines() throws(Fault) -> Bool {
        let start = position
        _ = takeAll { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard take("\n") || take("\r\n") else {
            position = start
            return false
        }
        repeat { _ = takeAll { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } } while take("\n") || take("\r\n")
        return true
    }

    private mutating func escape() throws(Fault) -> Unicode.Scalar {
        if let byte = peek, let plain = Self.escapes[byte] {
            position += 1
            return plain
        }
        let digits = take("u") ? 4 : take("U") ? 8 : 0
        guard digits > 0 else { throw fault("expected an escape such as \\n or \\u00e9, found \(found)") }
        var code: UInt32 = 0
        for _ in 0..<digits {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fault("expected a hexadecimal digit, found \(found)")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        guard let scalar = Unicode.Scalar(code) else { throw fault("the escape names no character") }
        return scalar
    }

    private static let escapes: [UInt8: Unicode.Scalar] = [
        UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "b"): "\u{8}", UInt8(ascii: "f"): "\u{C}",
        UInt8(ascii: "n"): "\n", UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
    ]

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7F }

    /// What stands at the position, in words.
    var found: String {
        guard let byte = peek else { return "the end of the text" }
        if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { return "the end of the line" }
        guard !Self.isControl(byte) else { return "a control character" }
        return byte < 0x80 ? "'\(Unicode.Scalar(byte))'" : "a character beyond ASCII"
    }

    func fault(_ reason: String) -> Fault { Fault(position: TextPosition(of: position, in: bytes), reason: reason) }
}
