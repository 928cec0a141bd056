import ByteIO
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

    /// Selects the properties of a compressor; nil for `none`.
    init?(_ compressor: Compressor) {
        switch compressor {
        case .none: return nil
        case .gz:
            // A match refers to at most 32 KiB before it, and each block begins with empty tables. Half of this size
            // costs 5 % of the time and 0.4 % of the size; twice the size gains nothing.
            blockSize = 512 * 1024
            codec = { try GzipCodec() }
        case .zstd:
            // The window of the default level is 2 MiB. Half of it costs 1 % of the size and saves memory in each
            // thread.
            blockSize = 1024 * 1024
            codec = { try ZstdCodec() }
        }
    }
}
