/// JSON text that keeps the order and the spelling of nested members, unlike `JSONValue`.
///
/// The text is what Go's `encoding/json` writes for a `json.RawMessage`: without whitespace, and with `<`, `>`, `&`,
/// U+2028 and U+2029 escaped.
package struct JSONText: Sendable {
    /// The text in UTF-8.
    package let bytes: [UInt8]

    /// Creates the text of a value, with sorted members.
    package init(_ value: JSONValue) {
        self.init(valid: Array(value.canonical.utf8)[...])
    }

    /// Creates an object with members sorted by the bytes of their names.
    package init(_ members: [String: JSONText]) {
        let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        let texts = sorted.map { JSONText(.string($0)).bytes + [UInt8(ascii: ":")] + $1.bytes }
        bytes = [UInt8(ascii: "{")] + texts.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "}")]
    }

    /// Parses an object, and returns its members with their texts unchanged.
    ///
    /// - Parameters:
    ///   - bytes: the text, in UTF-8.
    ///   - source: the name of the text in errors.
    ///   - limit: the maximum size of the text in bytes.
    /// - Throws: `ToolError` with code `data` if the text is too long, nested too deeply, not valid JSON, or not an
    ///   object.
    package static func members(of bytes: [UInt8], source: String, limit: Int) throws -> [String: JSONText] {
        try JSONParser.reading(bytes, source: source, limit: limit) { parser throws(JSONParser.Fault) in
            try parser.parseMembers()
        }.mapValues { JSONText(valid: bytes[$0]) }
    }

    /// - Parameter text: valid JSON.
    private init(valid text: ArraySlice<UInt8>) {
        var bytes: [UInt8] = []
        var (isString, isEscaped) = (false, false)
        for (index, byte) in zip(text.indices, text) {
            switch byte {
            case 0x20, 0x0A, 0x0D, 0x09:
                // In a string only spaces occur; other whitespace is escaped there.
                if isString { bytes.append(byte) }
            case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"):
                bytes += Array("\\u00\(String(byte, radix: 16))".utf8)
            case 0xA8 where text[..<index].suffix(2) == [0xE2, 0x80],
                0xA9 where text[..<index].suffix(2) == [0xE2, 0x80]:
                bytes.removeLast(2)
                bytes += Array("\\u202\(byte == 0xA8 ? 8 : 9)".utf8)
            default:
                bytes.append(byte)
            }
            if byte == UInt8(ascii: "\""), !isEscaped { isString.toggle() }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        self.bytes = bytes
    }
}
