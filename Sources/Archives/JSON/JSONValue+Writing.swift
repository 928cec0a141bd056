extension JSONValue {
    /// The one spelling of a value: members sorted by the bytes of their keys, no blanks, `/` and everything beyond
    /// ASCII as themselves. What is hashed (config, manifest, build arguments) is written so.
    public var canonical: String { written(indent: nil) }

    /// The same with two blanks of indentation a level, for people.
    public var pretty: String { written(indent: 0) }

    private func written(indent: Int?) -> String {
        var text = ""
        write(to: &text, indent: indent)
        return text
    }

    private func write(to text: inout String, indent: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .int(let value): text += String(value)
        case .double(let value): text += Self.spelling(of: value)
        case .string(let value): Self.quote(value, to: &text)
        case .array(let values):
            Self.writeList("[", "]", values, to: &text, indent: indent) { value, text, inner in
                value.write(to: &text, indent: inner)
            }
        case .object(let members):
            let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            Self.writeList("{", "}", sorted, to: &text, indent: indent) { member, text, inner in
                Self.quote(member.key, to: &text)
                text += inner == nil ? ":" : ": "
                member.value.write(to: &text, indent: inner)
            }
        }
    }

    private static func writeList<Element>(
        _ open: String, _ close: String, _ elements: [Element], to text: inout String, indent: Int?,
        each: (Element, inout String, Int?) -> Void
    ) {
        text += open
        let inner = indent.map { $0 + 1 }
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            newLine(to: &text, indent: inner)
            each(element, &text, inner)
        }
        if !elements.isEmpty { newLine(to: &text, indent: indent) }
        text += close
    }

    private static func newLine(to text: inout String, indent: Int?) {
        guard let indent else { return }
        text += "\n" + String(repeating: "  ", count: indent)
    }

    /// A number without a fraction is spelt as an integer, so that `1` and `1.0` are one value.
    private static func spelling(of value: Double) -> String {
        if let whole = Int64(exactly: value) { return String(whole) }
        return "\(value)"
    }

    private static func quote(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..."\u{1F}", "\u{7F}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
