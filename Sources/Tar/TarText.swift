import Glibc

/// The bytes of a name, with the properties that determine its encoding in a header.
struct TarText {
    let bytes: UnsafeRawBufferPointer
    let isASCII: Bool

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        self.isASCII = Self.isASCII(bytes)
    }

    /// Checks whether the text is too long for a field or not ASCII, so that it needs a PAX record.
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

/// Decodes UTF-8 to code points; a byte that is not valid UTF-8 becomes U+DC00 + byte.
///
/// Python decodes file names in this way (PEP 383, `surrogateescape`), which determines the order and the encoding of
/// names in the layers of nixpkgs' dockerTools.
package struct UTF8Scalars: Sequence, IteratorProtocol {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    /// Creates the sequence; `bytes` must be valid while it is used.
    package init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Decodes the next code point.
    package mutating func next() -> UInt32? {
        guard position < bytes.count else { return nil }
        let first = bytes[position]
        if first < 0x80 {
            position += 1
            return UInt32(first)
        }
        if let (scalar, length) = sequence(startingWith: first) {
            position += length
            return scalar
        }
        position += 1
        return 0xDC00 + UInt32(first)
    }

    /// Decodes the sequence at the current position; nil if it is not well-formed (Unicode, table 3-7).
    private func sequence(startingWith first: UInt8) -> (UInt32, Int)? {
        let length: Int
        var scalar: UInt32
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: (length, scalar) = (2, UInt32(first & 0x1F))
        case 0xE0...0xEF:
            (length, scalar) = (3, UInt32(first & 0x0F))
            if first == 0xE0 { second = 0xA0...0xBF }
            if first == 0xED { second = 0x80...0x9F }
        case 0xF0...0xF4:
            (length, scalar) = (4, UInt32(first & 0x07))
            if first == 0xF0 { second = 0x90...0xBF }
            if first == 0xF4 { second = 0x80...0x8F }
        default: return nil
        }
        guard position + length <= bytes.count else { return nil }
        for offset in 1..<length {
            let byte = bytes[position + offset]
            guard (offset == 1 ? second : 0x80...0xBF).contains(byte) else { return nil }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        return (scalar, length)
    }
}

/// The order of names in a directory: by code point, where a byte that is not valid UTF-8 counts as U+DC00 + byte.
package enum PathOrder {
    /// Checks whether one path component comes before another.
    package static func precedes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        let shared = min(left.count, right.count)
        var index = 0
        while index < shared, left[index] == right[index] { index += 1 }
        // After a shared ASCII byte, a code point begins in both names. After another byte, the shared bytes may decode
        // differently: a sequence that is complete in one name may be incomplete in the other.
        if index == 0 || left[index - 1] < 0x80 {
            guard index < shared else { return left.count < right.count }
            if left[index] < 0x80 || right[index] < 0x80 { return left[index] < right[index] }
        }
        return UTF8Scalars(left).lexicographicallyPrecedes(UTF8Scalars(right))
    }
}
