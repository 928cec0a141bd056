import ByteIO
import CZlib
import Errors

/// A block on its way through a compressor. It has one owner at a time: the sink that fills and writes it, or the thread
/// that compresses it.
final class Block: @unchecked Sendable {
    var input: BlockBuffer
    private let output: UnsafeMutableRawBufferPointer
    private var compressed = 0

    /// - Parameters:
    ///   - size: bytes of the block.
    ///   - bound: the most bytes that it can come to.
    init(size: Int, bound: Int) {
        input = BlockBuffer(capacity: size)
        output = .allocate(byteCount: bound, alignment: 4096)
    }

    deinit { output.deallocate() }

    func compress(with codec: any BlockCodec) throws {
        compressed = codec.compress(input.bytes, into: output)
        guard compressed > 0 else {
            throw ToolError(
                .io, "cannot compress", cause: "the compressor gave up on a block of \(input.filled) bytes",
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

/// What differs between gzip and zstd when an archive is compressed in blocks.
struct BlockFormat {
    /// Bytes of a block before it is compressed.
    let blockSize: Int
    let codec: @Sendable () throws -> any BlockCodec
    /// A few bytes in a block of their own that does not compress them.
    let stored: ([UInt8]) -> [UInt8]

    /// Nil if there is nothing to compress with.
    init?(_ compressor: Compressor) {
        switch compressor {
        case .none: return nil
        case .gz:
            // Matches reach back 32 KiB, and each block is begun with empty tables: half of it costs 5 % of the time and
            // 0.4 % of the size, twice as much gains nothing.
            blockSize = 512 * 1024
            codec = { try GzipCodec() }
            stored = StoredBlock.gzip
        case .zstd:
            // The window of the default level is 2 MiB; half of it costs 1 %, and spares memory for each thread.
            blockSize = 1024 * 1024
            codec = { try ZstdCodec() }
            stored = StoredBlock.zstd
        }
    }
}

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
