/// A parser that reads a text in UTF-8 byte by byte, with the position, tokens, escapes and errors that the JSON and
/// the TOML parser share.
package protocol TextScanner {
    /// The text in UTF-8.
    var bytes: [UInt8] { get }
    /// The index of the next byte.
    var position: Int { get set }
}

/// An error of a text, with its position.
package struct SyntaxError: Error, Equatable, Sendable {
    package var position: TextPosition
    package var reason: String
}

extension TextScanner {
    /// The next byte; nil at the end of the text.
    package var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Skips a token.
    ///
    /// - Returns: whether the text has the token at the position.
    package mutating func take(_ token: StaticString) -> Bool {
        let matches = token.withUTF8Buffer { bytes[position...].starts(with: $0) }
        if matches { position += token.utf8CodeUnitCount }
        return matches
    }

    /// Takes all bytes up to the first that does not belong.
    package mutating func takeAll(_ belongs: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let taken = bytes[position...].prefix(while: belongs)
        position += taken.count
        return taken
    }

    /// Skips decimal digits.
    ///
    /// - Returns: the number of digits.
    package mutating func skipDigits() -> Int { takeAll(Self.isDigit).count }

    /// Takes a hexadecimal number with a fixed number of digits, up to 8.
    ///
    /// - Throws: `SyntaxError` if there are fewer digits.
    package mutating func hexNumber(digits: Int) throws(SyntaxError) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<digits {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("expected a hexadecimal digit, found \(found)")
            }
            number = number << 4 | UInt32(digit)
            position += 1
        }
        return number
    }

    /// Takes the character behind a backslash if it is an escape of both JSON and TOML: `" \ b f n r t`.
    ///
    /// - Returns: the character that the escape stands for; nil if it is another escape.
    package mutating func simpleEscape() -> Unicode.Scalar? {
        guard let byte = peek, let scalar = simpleEscapes[byte] else { return nil }
        position += 1
        return scalar
    }

    /// Whether a byte is a decimal digit.
    package static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

    /// The character at the position, for messages.
    package var found: String {
        guard let byte = peek else { return "the end of the text" }
        if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { return "the end of the line" }
        guard byte >= 0x20, byte != 0x7F else { return "a control character" }
        return byte < 0x80 ? "'\(Unicode.Scalar(byte))'" : "a character beyond ASCII"
    }

    /// An error at the position.
    package func error(_ reason: String) -> SyntaxError {
        SyntaxError(position: TextPosition(of: position, in: bytes), reason: reason)
    }
}

private let simpleEscapes: [UInt8: Unicode.Scalar] = [
    UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "b"): "\u{8}", UInt8(ascii: "f"): "\u{C}",
    UInt8(ascii: "n"): "\n", UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
]

/// A position in a text, as editors count it.
package struct TextPosition: Hashable, Sendable {
    /// The line, from 1.
    package let line: Int
    /// The column in characters, from 1.
    package let column: Int

    /// The position of a byte of a text in UTF-8.
    package init(of index: Int, in bytes: [UInt8]) {
        let before = bytes.prefix(max(0, index))
        line = before.count { $0 == 0x0A } + 1
        // A character counts at its first byte; bytes of the form 10xxxxxx continue a character (RFC 3629, section 3).
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        column = before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1
    }
}

extension TextPosition: CustomStringConvertible {
    package var description: String { "line \(line), column \(column)" }
}
