/// JSON that keeps the order and the spelling of its members, which a `JSONValue` does not: as Go's `encoding/json` writes
/// what it has read as `json.RawMessage`. Blanks are left out, and `<`, `>`, `&`, U+2028 and U+2029 are escaped.
package struct JSONText: Sendable {
    package let bytes: [UInt8]

    package init(_ value: JSONValue) {
        self.init(valid: Array(value.canonical.utf8)[...])
    }

    /// An object of members, sorted by the bytes of their names.
    package init(_ members: [String: JSONText]) {
        let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        let texts = sorted.map { JSONText(.string($0)).bytes + [UInt8(ascii: ":")] + $1.bytes }
        bytes = [UInt8(ascii: "{")] + texts.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "}")]
    }

    /// The members of the object that a text is, as they are written there.
    ///
    /// - Parameters:
    ///   - bytes: the text, in UTF-8.
    ///   - source: what is read, for the error.
    ///   - limit: the most bytes that are read.
    /// - Throws: `ToolError` with code `data` as the reading of a `JSONValue` does, and for one that is no object.
    package static func members(of bytes: [UInt8], source: String, limit: Int) throws -> [String: JSONText] {
        try JSONParser.reading(bytes, source: source, limit: limit) { parser throws(JSONParser.Fault) in
            try parser.parseMembers()
        }.mapValues { JSONText(valid: bytes[$0]) }
    }

    /// - Parameter text: JSON, which has been parsed.
    private init(valid text: ArraySlice<UInt8>) {
        var bytes: [UInt8] = []
        var (isString, isEscaped) = (false, false)
        for (index, byte) in zip(text.indices, text) {
            switch byte {
            case 0x20, 0x0A, 0x0D, 0x09:
                // Blanks in a string are blanks; the others there are escaped.
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
