package import Errors

/// Makes untrusted text, such as names in archives, paths and messages of servers, safe for a terminal.
package enum TerminalText {
    /// Returns a name as printable text.
    ///
    /// Invalid UTF-8, control characters and marks for the direction of text become U+FFFD. The middle of a name of
    /// more than 160 bytes becomes an ellipsis.
    package static func printable(_ bytes: some Collection<UInt8>) -> String {
        let shown = 160
        guard bytes.count > shown else { return escaped(bytes) }
        return escaped(bytes.prefix(shown / 2)) + "…" + escaped(bytes.suffix(shown / 2))
    }

    /// Returns a text as printable text in quotation marks.
    package static func quoted(_ text: String) -> String { "'\(printable(Array(text.utf8)))'" }

    private static func escaped(_ bytes: some Sequence<UInt8>) -> String {
        escaped(String(decoding: Array(bytes), as: UTF8.self)) { _ in false }
    }

    /// Returns a text with U+FFFD in place of each unsafe character.
    ///
    /// - Parameter isKept: whether an unsafe character stays.
    fileprivate static func escaped(_ text: String, except isKept: (Unicode.Scalar) -> Bool) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { escaped.append(isUnsafe(scalar) && !isKept(scalar) ? "\u{FFFD}" : scalar) }
        return String(escaped)
    }

    /// Returns whether a terminal may obey a character: C0 and C1 controls, DEL, and marks that change the direction of
    /// text.
    fileprivate static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

extension String {
    /// The text safe for a terminal, with its line breaks, tabs and spaces. Other control characters and marks for the
    /// direction of text become U+FFFD.
    package var printable: String { TerminalText.escaped(self) { $0 == "\n" || $0 == "\t" } }

    /// The text on one line, safe for a terminal.
    ///
    /// Each run of spaces, tabs and line breaks becomes one space; other control characters and marks for the direction
    /// of text become U+FFFD.
    package var onOneLine: String {
        var line = String.UnicodeScalarView()
        var afterBlank = true
        for scalar in unicodeScalars {
            switch scalar.value {
            case 0x09...0x0D, 0x20, 0x85, 0x2028...0x2029:
                if !afterBlank { line.append(" ") }
                afterBlank = true
                continue
            default: line.append(TerminalText.isUnsafe(scalar) ? "\u{FFFD}" : scalar)
            }
            afterBlank = false
        }
        if line.last == " " { line.removeLast() }
        return String(line)
    }
}

extension ToolError {
    /// The message, the cause and the remedy on lines of their own, safe for a terminal. Only a cause has several lines.
    ///
    /// - Parameter name: how a setting is called: a command line writes a flag's name.
    package func printable(naming name: (Setting) -> String) -> String {
        let safe = ToolError(
            code, TerminalText.escaped(message) { _ in false }, cause: cause.printable,
            remedy: Remedy(TerminalText.escaped(remedy.text(naming: name)) { _ in false }))
        return safe.text { "\($0)" }
    }
}
