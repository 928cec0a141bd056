/// A name as bytes, with what a header must know about it.
struct TarText {
    let bytes: UnsafeRawBufferPointer
    let isASCII: Bool

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        self.isASCII = Self.isASCII(bytes)
    }

    /// Whether the text cannot stand in a field of `length` bytes as it is.
    func needsRecord(in field: TarField) -> Bool {
        !isASCII || bytes.count > field.length
    }

    var isUTF8: Bool {
        isASCII || UTF8Scalars(bytes).allSatisfy { $0 < 0xDC80 || $0 > 0xDCFF }
    }

    func asciiReplaced(limit: Int) -> [UInt8] {
        UTF8Scalars(bytes).prefix(limit).map { $0 < 0x80 ? UInt8($0) : UInt8(ascii: "?") }
    }

    private static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index + 8 <= bytes.count {
            if bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { return false }
            index += 8
        }
        while index < bytes.count {
            if bytes[index] & 0x80 != 0 { return false }
            index += 1
        }
        return true
    }
}
