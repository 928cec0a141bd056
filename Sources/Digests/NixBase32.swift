/// Nix's base 32: its own alphabet, and the digits from the last bit of the last byte to the first.
///
/// Source: `printHash32` in Nix's `libutil/hash.cc`.
public enum NixBase32 {
    /// Digits and lower-case letters without e, o, t and u.
    public static let alphabet = Array("0123456789abcdfghijklmnpqrsvwxyz".utf8)

    /// For each byte the digit that it stands for, or 255.
    public static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, digit) in alphabet.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    public static func encode(_ bytes: [UInt8]) -> String {
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

    /// The bytes that `text` spells, or nil if a character is not of the alphabet, the length fits no whole
    /// number of bytes, or a bit beyond the last byte is set.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
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
