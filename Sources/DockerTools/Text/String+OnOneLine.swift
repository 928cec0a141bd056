extension String {
    /// The text on one line: each run of blanks, tabs and line ends as one blank, other control characters and marks
    /// that turn the direction of text as U+FFFD. What an image says must not steer a terminal.
    public var onOneLine: String {
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
