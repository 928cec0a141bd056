/// Names from archives in messages: bytes from strangers must not reach a terminal as they are.
package enum TerminalText {
    /// The name as text for a person: what is not UTF-8 or would move a terminal's cursor is replaced, and a long name
    /// loses its middle.
    package static func printable(_ bytes: some Collection<UInt8>) -> String {
        let shown = 160
        guard bytes.count > shown else { return escaped(bytes) }
        return escaped(bytes.prefix(shown / 2)) + "…" + escaped(bytes.suffix(shown / 2))
    }

    /// The same in quotation marks.
    package static func quoted(_ text: String) -> String { "'\(printable(Array(text.utf8)))'" }

    private static func escaped(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        for scalar in String(decoding: Array(bytes), as: UTF8.self).unicodeScalars {
            // C0 and C1 controls and DEL, and the marks that turn the direction of what follows.
            switch scalar.value {
            case 0x00..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x202A...0x202E, 0x2066...0x2069: text += "\u{FFFD}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

extension String {
    /// The text on one line: each run of blanks, tabs and line ends as one blank, other control characters and marks
    /// that turn the direction of text as U+FFFD. What an image says must not steer a terminal.
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
