extension TarField {
    /// The bytes of a text field up to its first NUL.
    func text(in header: UnsafeRawBufferPointer) -> [UInt8] {
        Array(bytes(in: header).prefix { $0 != 0 })
    }

    /// A number that cannot be negative: a size, an ID, a mode.
    func number(in header: UnsafeRawBufferPointer, _ label: String) throws(TarMalformed) -> UInt64 {
        let value = try signed(in: header, label)
        guard value >= 0 else { throw TarMalformed("its \(label) is negative") }
        return UInt64(value)
    }

    /// A number of a header: octal digits with blanks before and blanks or NULs behind, an empty field being 0; or,
    /// where the first bit is set, a number in two's complement to the base of 256.
    ///
    /// Source: POSIX.1-1988 ustar; GNU tar's manual, "Basic Tar Format", for base 256.
    func signed(in header: UnsafeRawBufferPointer, _ label: String) throws(TarMalformed) -> Int64 {
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
            throw TarMalformed("its \(label), '\(TarName.printable(field))', is no octal number")
        }
        return Int64(value)
    }

    private func base256(_ field: UnsafeRawBufferPointer, _ label: String) throws(TarMalformed) -> Int64 {
        // The first bit is the mark, the second the sign.
        let negative = field[0] & 0x40 != 0
        let first = negative ? field[0] : field[0] & 0x7F
        let filler: UInt8 = negative ? 0xFF : 0
        var value: UInt64 = negative ? .max : 0
        for (index, byte) in field.enumerated() {
            let byte = index == 0 ? first : byte
            if index + 8 < field.count, byte != filler { throw TarMalformed("its \(label) does not fit in 64 bits") }
            value = value << 8 | UInt64(byte)
        }
        let number = Int64(bitPattern: value)
        guard (number < 0) == negative else { throw TarMalformed("its \(label) does not fit in 64 bits") }
        return number
    }

    private func bytes(in header: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: header[offset..<offset + length])
    }
}
