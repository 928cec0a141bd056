/// Makes untrusted names, such as those in archives, safe for messages on a terminal.
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
        var text = ""
        for scalar in String(decoding: Array(bytes), as: UTF8.self).unicodeScalars {
            // C0 and C1 controls, DEL, and marks that change the direction of text.
            switch scalar.value {
            case 0x00..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x202A...0x202E, 0x2066...0x2069: text += "\u{FFFD}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

extension String {
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
            case 0x00..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x202A...0x202E, 0x2066...0x2069: line.append("\u{FFFD}")
            default: line.append(scalar)
            }
            afterBlank = false
        }
        if line.last == " " { line.removeLast() }
        return String(line)
    }
}
