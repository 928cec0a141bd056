import CDeflate
import CZstd
import Errors
import Synchronization

/// Compresses blocks to independent gzip members or zstd frames. Their concatenation is a valid gzip or zstd file (RFC
/// 1952 section 2.2, RFC 8878 section 3.1).
///
/// A codec is used by one thread at a time.
protocol BlockCodec: AnyObject {
    /// Computes the maximum number of compressed bytes for a block of `count` bytes.
    func bound(_ count: Int) -> Int
    /// Compresses a block.
    ///
    /// - Returns: the number of compressed bytes; 0 if they do not fit in `output`.
    func compress(_ block: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int
}

/// Compresses to gzip with libdeflate at level 1: 1.7 times as fast as zlib at level 1 on one core, and a tenth
/// smaller.
///
/// Unlike the output of ISA-L, the output of libdeflate does not depend on the processor.
final class GzipCodec: BlockCodec {
    private let compressor: OpaquePointer

    init() throws {
        guard let compressor = libdeflate_alloc_compressor(1) else { throw outOfMemory }
        self.compressor = compressor
    }

    deinit { libdeflate_free_compressor(compressor) }

    func bound(_ count: Int) -> Int { libdeflate_gzip_compress_bound(compressor, count) }

    func compress(_ block: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int {
        libdeflate_gzip_compress(compressor, block.baseAddress, block.count, output.baseAddress, output.count)
    }
}

/// Compresses to zstd at the default level, with a checksum in each frame.
final class ZstdCodec: BlockCodec {
    private let context: OpaquePointer

    init() throws {
        guard let context = ZSTD_createCCtx() else { throw outOfMemory }
        self.context = context
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, ZSTD_defaultCLevel())
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    }

    deinit { ZSTD_freeCCtx(context) }

    func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

    func compress(_ block: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int {
        let count = ZSTD_compress2(context, output.baseAddress, output.count, block.baseAddress, block.count)
        return ZSTD_isError(count) == 0 ? count : 0
    }
}

private let outOfMemory = ToolError(
    .io, "cannot compress", cause: "there is no memory for the compressor", remedy: "free some memory")

/// Reuses codecs, which have megabytes of tables each. A thread takes a codec for a block and returns it, so there are
/// never more codecs than threads.
final class CodecPool: Sendable {
    /// An idle codec, which is used by one thread at a time.
    private struct Idle: @unchecked Sendable {
        let codec: any BlockCodec
    }

    private let idle = Mutex<[Idle]>([])
    private let make: @Sendable () throws -> any BlockCodec

    init(_ make: @escaping @Sendable () throws -> any BlockCodec) {
        self.make = make
    }

    /// Calls `body` with an idle codec, or a new one.
    func withCodec<Result>(_ body: (any BlockCodec) throws -> Result) throws -> Result {
        let codec = try idle.withLock { $0.popLast() }?.codec ?? make()
        let given = Idle(codec: codec)
        defer { idle.withLock { $0.append(given) } }
        return try body(codec)
    }
}
