extension String {
    /// The text with each `%XX` replaced by its byte (RFC 3986, section 2.1).
    ///
    /// - Returns: nil for a `%` that no two hexadecimal digits follow, and for bytes that are no UTF-8.
    var percentDecoded: String? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let high = Character(Unicode.Scalar(rest.removeFirst())).hexDigitValue,
                let low = Character(Unicode.Scalar(rest.removeFirst())).hexDigitValue
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
