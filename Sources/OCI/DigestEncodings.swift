/// Base 16 with lowercase digits, the encoding of digests.
package enum Hex {
    /// The digits of bytes, two for each.
    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digit(byte >> 4))
            text.append(digit(byte & 15))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes that `text` encodes; nil if its length is odd or a character is not one of 0-9 and a-f.
    ///
    /// Uppercase digits are refused: the image specifications allow only one spelling of a digest.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

/// Base 64 with the standard alphabet (RFC 4648, section 4).
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The text of bytes, padded with `=` to a multiple of four characters.
    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            let bits = part.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - part.count))
            for digit in 0..<4 {
                let value = Int(bits >> UInt32(18 - 6 * digit)) & 63
                text.append(digit <= part.count ? alphabet[value] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes that `text` encodes. Line breaks are ignored, and the padding may be left out.
    ///
    /// - Returns: nil for characters outside the alphabet, and for lengths and last bits that no bytes encode to.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let characters = text.utf8.filter { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        let padding = characters.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        let digits = characters.dropLast(padding)
        guard padding == 0 || (padding <= 2 && characters.count.isMultiple(of: 4)), digits.count % 4 != 1 else {
            return nil
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 4 * 3 + 2)
        var bits: UInt32 = 0
        var count = 0
        for digit in digits {
            guard let value = alphabet.firstIndex(of: digit) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
                bits &= 1 << UInt32(count) - 1
            }
        }
        return bits == 0 ? bytes : nil
    }
}

/// Nix's base 32, which has its own alphabet and begins with the last bits of the last byte.
///
/// Source: `printHash32` in Nix's `libutil/hash.cc`.
package enum NixBase32 {
    /// Digits and lowercase letters without e, o, t and u.
    package static let alphabet = Array("0123456789abcdfghijklmnpqrsvwxyz".utf8)

    /// The value of each character, by its byte; 255 for characters outside the alphabet.
    package static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, digit) in alphabet.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    /// The text of bytes.
    package static func encode(_ bytes: [UInt8]) -> String {
        let count = (bytes.count * 8 + 4) / 5
        var text: [UInt8] = []
        text.reserveCapacity(count)
        for digit in (0..<count).reversed() {
            let bit = digit * 5
            let (index, shift) = (bit / 8, bit % 8)
            var value = UInt16(bytes[index])
            if index + 1 < bytes.count { value |= UInt16(bytes[index + 1]) << 8 }
            text.append(alphabet[Int((value >> UInt16(shift)) & 31)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes that `text` encodes; nil if a character is outside the alphabet, the length is not that of a whole
    /// number of bytes, or a bit beyond the last byte is set.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        let size = digits.count * 5 / 8
        guard (size * 8 + 4) / 5 == digits.count else { return nil }
        var bytes = [UInt8](repeating: 0, count: size)
        for (position, digit) in digits.reversed().enumerated() {
            let value = values[Int(digit)]
            guard value != 255 else { return nil }
            let bit = position * 5
            let (index, shift) = (bit / 8, bit % 8)
            let wide = UInt16(value) << UInt16(shift)
            bytes[index] |= UInt8(truncatingIfNeeded: wide)
            let carry = UInt8(wide >> 8)
            if index + 1 < size {
                bytes[index + 1] |= carry
            } else if carry != 0 {
                return nil
            }
        }
        return bytes
    }
}
