import ByteIO
import CZlib
import Errors

/// A block of an archive and its compressed form. It has one owner at a time: the sink that fills and writes it, or the
/// thread that compresses it.
final class Block: @unchecked Sendable {
    /// The uncompressed bytes.
    var input: BlockBuffer
    private let output: UnsafeMutableRawBufferPointer
    private var compressed = 0

    /// Allocates the memory.
    ///
    /// - Parameters:
    ///   - size: the size of the block in bytes.
    ///   - bound: the maximum number of compressed bytes.
    init(size: Int, bound: Int) {
        input = BlockBuffer(capacity: size)
        output = .allocate(byteCount: bound, alignment: 4096)
    }

    deinit { output.deallocate() }

    func compress(with codec: any BlockCodec) throws {
        compressed = codec.compress(input.bytes, into: output)
        guard compressed > 0 else {
            throw ToolError(
                .io, "cannot compress", cause: "the compressor failed on a block of \(input.filled) bytes",
                remedy: "use another compressor")
        }
    }

    func withOutput(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        try body(UnsafeRawBufferPointer(rebasing: output[..<compressed]))
    }

    func clear() {
        input.clear()
        compressed = 0
    }
}

/// The properties of gzip or zstd for compression in blocks.
struct BlockFormat {
    /// The size of an uncompressed block in bytes.
    let blockSize: Int
    /// Creates a codec.
    let codec: @Sendable () throws -> any BlockCodec
    /// Encodes a few bytes as a separate block without compression.
    let stored: ([UInt8]) -> [UInt8]

    /// Selects the properties of a compressor; nil for `none`.
    init?(_ compressor: Compressor) {
        switch compressor {
        case .none: return nil
        case .gz:
            // A match refers to at most 32 KiB before it, and each block begins with empty tables. Half of this size
            // costs 5 % of the time and 0.4 % of the size; twice the size gains nothing.
            blockSize = 512 * 1024
            codec = { try GzipCodec() }
            stored = StoredBlock.gzip
        case .zstd:
            // The window of the default level is 2 MiB. Half of it costs 1 % of the size and saves memory in each
            // thread.
            blockSize = 1024 * 1024
            codec = { try ZstdCodec() }
            stored = StoredBlock.zstd
        }
    }
}

/// Encodes a few bytes as a gzip member or zstd frame without compression. The encoded size depends only on the number
/// of bytes, so a placeholder can be written before the bytes are known.
enum StoredBlock {
    /// Encodes at most 65535 bytes as a gzip member with one stored deflate block (RFC 1951 section 3.2.4, RFC 1952).
    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        let count = UInt16(truncatingIfNeeded: bytes.count)
        // Magic, deflate, no flags, no time, no extra flags, unknown system.
        var member: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        // The last block, stored: its length and the complement of its length.
        member.append(1)
        append(UInt32(count) | UInt32(~count) << 16, to: &member)
        member += bytes
        append(UInt32(truncatingIfNeeded: crc32(0, bytes, uInt(bytes.count))), to: &member)
        append(UInt32(bytes.count), to: &member)
        return member
    }

    /// Encodes bytes as a zstd frame with one raw block, a content size and no checksum (RFC 8878 section 3.1.1).
    static func zstd(_ bytes: [UInt8]) -> [UInt8] {
        // Magic; one segment, content size of four bytes.
        var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0b1010_0000]
        append(UInt32(bytes.count), to: &frame)
        // Three bytes: last block (bit 0), raw (0 in bits 1 and 2), size (from bit 3).
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
