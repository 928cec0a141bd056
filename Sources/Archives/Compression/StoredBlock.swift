import CZlib

/// A few bytes as a gzip member or zstd frame that stores them as they are: its size depends on their number alone, so
/// that its place can be set aside before they are known.
enum StoredBlock {
    /// A gzip member of one stored deflate block (RFC 1951 section 3.2.4, RFC 1952). At most 65535 bytes.
    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        let count = UInt16(truncatingIfNeeded: bytes.count)
        // Magic, deflate, no flags, no time, no extra flags, unknown system.
        var member: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        // The last block, stored: its length and the complement of that.
        member.append(1)
        append(UInt32(count) | UInt32(~count) << 16, to: &member)
        member += bytes
        append(UInt32(truncatingIfNeeded: crc32(0, bytes, uInt(bytes.count))), to: &member)
        append(UInt32(bytes.count), to: &member)
        return member
    }

    /// A zstd frame of one raw block (RFC 8878 section 3.1.1) with a content size and no checksum.
    static func zstd(_ bytes: [UInt8]) -> [UInt8] {
        // Magic; one segment, content size of four bytes.
        var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0b1010_0000]
        append(UInt32(bytes.count), to: &frame)
        // The last block (bit 0), raw (0 in bits 1 and 2), its size from bit 3 on: three bytes.
        let header = UInt32(bytes.count) << 3 | 1
        frame += [
            UInt8(truncatingIfNeeded: header), UInt8(truncatingIfNeeded: header >> 8),
            UInt8(truncatingIfNeeded: header >> 16),
        ]
        return frame + bytes
    }

    private static func append(_ value: UInt32, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
