import ByteIO

/// A field of a ustar header: its offset in the 512 bytes, and its length.
///
/// Source: POSIX.1-1988 `ustar`, as laid out in Python's `tarfile._create_header`.
struct TarField {
    let offset: Int
    let length: Int

    static let name = TarField(offset: 0, length: 100)
    static let mode = TarField(offset: 100, length: 8)
    static let uid = TarField(offset: 108, length: 8)
    static let gid = TarField(offset: 116, length: 8)
    static let size = TarField(offset: 124, length: 12)
    static let modified = TarField(offset: 136, length: 12)
    static let checksum = TarField(offset: 148, length: 8)
    static let kind = TarField(offset: 156, length: 1)
    static let linkName = TarField(offset: 157, length: 100)
    static let magic = TarField(offset: 257, length: 8)
    static let userName = TarField(offset: 265, length: 32)
    static let groupName = TarField(offset: 297, length: 32)
    static let deviceMajor = TarField(offset: 329, length: 8)
    static let deviceMinor = TarField(offset: 337, length: 8)
    static let prefix = TarField(offset: 345, length: 155)
    /// The times of the last access and of the last change of the metadata, in GNU headers only.
    static let accessed = TarField(offset: 345, length: 12)
    static let changed = TarField(offset: 357, length: 12)

    /// The first value that the field's octal digits cannot hold.
    var overflow: UInt64 { 1 << UInt64(3 * (length - 1)) }

    /// Writes a number as octal digits and a NUL. The number must be less than `overflow`.
    func put(_ value: UInt64, into header: UnsafeMutableRawPointer) {
        var rest = value
        for position in stride(from: offset + length - 2, through: offset, by: -1) {
            header.storeBytes(
                of: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest & 7), toByteOffset: position, as: UInt8.self)
            rest >>= 3
        }
    }

    /// Writes text, truncated to the field, with `?` for each code point outside ASCII and each byte that is not UTF-8.
    func put(_ text: TarText, into header: UnsafeMutableRawPointer) {
        if text.isASCII {
            put(text.bytes, into: header)
        } else {
            let replaced = text.asciiReplaced(limit: length)
            replaced.withUnsafeBytes { put(TarText($0), into: header) }
        }
    }

    /// Writes bytes, truncated to the field.
    func put(_ bytes: UnsafeRawBufferPointer, into header: UnsafeMutableRawPointer) {
        let count = min(bytes.count, length)
        guard count > 0, let source = bytes.baseAddress else { return }
        (header + offset).copyMemory(from: source, byteCount: count)
    }
}

extension TarField {
    /// Reads a text field up to its first NUL.
    func text(in header: UnsafeRawBufferPointer) -> [UInt8] {
        Array(bytes(in: header).prefix { $0 != 0 })
    }

    /// Whether Go's reader takes the field for a number: blanks and NULs around it do not count, and it ends at a NUL.
    func isNumber(in header: UnsafeRawBufferPointer) -> Bool {
        let field = bytes(in: header)
        if let first = field.first, first & 0x80 != 0 { return (try? base256(field, "")) != nil }
        func isBlank(_ byte: UInt8) -> Bool { byte == 0 || byte == UInt8(ascii: " ") }
        var trimmed = field.drop(while: isBlank)
        while let last = trimmed.last, isBlank(last) { trimmed.removeLast() }
        return trimmed.prefix { $0 != 0 }.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
    }

    /// Reads a number that must not be negative: a size, an ID, a mode.
    func number(in header: UnsafeRawBufferPointer, _ label: String) throws(TarFormatError) -> UInt64 {
        let value = try signed(in: header, label)
        guard value >= 0 else { throw TarFormatError("its \(label) is negative") }
        return UInt64(value)
    }

    /// Reads a number.
    ///
    /// The field has octal digits with spaces before them and spaces or NULs after them; an empty field is 0. If the
    /// first bit is set, the field is a binary number in two's complement (base 256).
    ///
    /// Source: POSIX.1-1988 ustar; GNU tar's manual, "Basic Tar Format", for base 256.
    func signed(in header: UnsafeRawBufferPointer, _ label: String) throws(TarFormatError) -> Int64 {
        let field = bytes(in: header)
        if let first = field.first, first & 0x80 != 0 { return try base256(field, label) }
        var value: UInt64 = 0
        var rest = field[...].drop { $0 == UInt8(ascii: " ") }
        while let digit = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit) {
            // Twelve digits, the longest field, have 36 bits.
            value = value << 3 | UInt64(digit - UInt8(ascii: "0"))
            rest = rest.dropFirst()
        }
        guard rest.allSatisfy({ $0 == 0 || $0 == UInt8(ascii: " ") }) else {
            throw TarFormatError("its \(label), '\(TerminalText.printable(field))', is not an octal number")
        }
        return Int64(value)
    }

    private func base256(_ field: UnsafeRawBufferPointer, _ label: String) throws(TarFormatError) -> Int64 {
        // The first bit marks the format, the second is the sign.
        let negative = field[0] & 0x40 != 0
        let first = negative ? field[0] : field[0] & 0x7F
        let filler: UInt8 = negative ? 0xFF : 0
        var value: UInt64 = negative ? .max : 0
        for (index, byte) in field.enumerated() {
            let byte = index == 0 ? first : byte
            if index + 8 < field.count, byte != filler { throw TarFormatError("its \(label) does not fit in 64 bits") }
            value = value << 8 | UInt64(byte)
        }
        let number = Int64(bitPattern: value)
        guard (number < 0) == negative else { throw TarFormatError("its \(label) does not fit in 64 bits") }
        return number
    }

    private func bytes(in header: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: header[offset..<offset + length])
    }
}
