/// The code points of bytes that should be UTF-8; a byte that is not counts as U+DC00 + byte.
///
/// This is how Python reads file names (PEP 383, `surrogateescape`), and so the order and the spelling of names in
/// the layers that dockerTools writes.
public struct UTF8Scalars: Sequence, IteratorProtocol {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    public init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    public mutating func next() -> UInt32? {
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

    /// The code point that starts here, nil if the bytes are no well-formed sequence (Unicode, table 3-7).
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
