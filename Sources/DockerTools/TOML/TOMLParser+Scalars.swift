import Images
import Archives

extension TOMLParser {
    /// A boolean, a number, a date or a time.
    mutating func scalar() throws(Fault) -> JSONValue {
        let start = position
        func belongs(_ byte: UInt8) -> Bool { ReferenceName.isAlphanumeric(byte) || "+-_.:".utf8.contains(byte) }
        _ = takeAll(belongs)
        // A blank may stand between a date and its time.
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
        case "": throw fault("expected a value, found \(found)")
        case "inf", "nan": throw fault("an infinity or NaN is no value of a spec")
        default: throw fault("expected a value, found \"\(token.prefix(80))\"")
        }
    }

    /// A date, a time or both, as RFC 3339 writes it: with `T` between them, and `Z` for UTC.
    private static func time(_ token: String) -> JSONValue? {
        let isClock = token.utf8.dropFirst(2).first == UInt8(ascii: ":")
        let forms = isClock ? ["1970-01-01T\(token)Z"] : [token, "\(token)Z", "\(token)T00:00:00Z"]
        guard forms.contains(where: { Timestamp($0) != nil }) else { return nil }
        // Besides digits and signs, a time that was read has no characters but these.
        return .string(String(token.uppercased().map { $0 == " " ? "T" : $0 }))
    }

    private static func number(_ token: String) -> JSONValue? {
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where token.hasPrefix(prefix) {
            let digits = token.dropFirst(2)
            guard digits.utf8.first.map(ReferenceName.isAlphanumeric) ?? false else { return nil }
            return withoutUnderscores(digits, isDigit: ReferenceName.isAlphanumeric).flatMap { Int64($0, radix: radix) }
                .map { .int($0) }
        }
        let unsigned = token.hasPrefix("+") || token.hasPrefix("-") ? token.dropFirst() : token[...]
        guard let digits = withoutUnderscores(unsigned), isDecimal(digits) else { return nil }
        let text = (token.hasPrefix("-") ? "-" : "") + digits
        if digits.utf8.allSatisfy(isDigit) { return Int64(text).map { .int($0) } }
        return Double(text).flatMap { $0.isFinite ? .double($0) : nil }
    }

    /// Nil if an underscore does not stand between two digits.
    private static func withoutUnderscores(_ text: Substring, isDigit: (UInt8) -> Bool = isDigit) -> String? {
        let runs = text.split(separator: "_", omittingEmptySubsequences: false)
        for (left, right) in zip(runs, runs.dropFirst()) {
            guard left.utf8.last.map(isDigit) ?? false, right.utf8.first.map(isDigit) ?? false else { return nil }
        }
        return runs.joined()
    }

    /// `1`, `1.5`, `1e5`, `1.5e-5`, with no 0 before other digits.
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

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}
