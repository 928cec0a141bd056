import CDeflate
import CZstd
import Errors
import Synchronization

/// Compresses a block of bytes to a gzip member or a zstd frame that stands for itself: a file of many of them one
/// behind the other is a valid gzip or zstd file (RFC 1952 section 2.2, RFC 8878 section 3.1).
///
/// One is used by one thread at a time.
protocol BlockCodec: AnyObject {
    /// The most bytes that a block of `count` can come to.
    func bound(_ count: Int) -> Int
    /// How many bytes the compressed block has; 0 if it does not fit.
    func compress(_ block: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int
}

/// gzip by libdeflate, level 1: 1.7 times as fast as zlib's level 1 on one core, and a tenth smaller. What it writes does
/// not depend on the processor, as ISA-L's does.
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

/// zstd at its default level with a checksum in each frame.
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

/// Codecs that are idle. A thread takes one for a block and gives it back, so that there are never more than threads:
/// each has megabytes of tables.
final class CodecPool: Sendable {
    /// A codec, which one thread at a time has.
    private struct Idle: @unchecked Sendable {
        let codec: any BlockCodec
    }

    private let idle = Mutex<[Idle]>([])
    private let make: @Sendable () throws -> any BlockCodec

    init(_ make: @escaping @Sendable () throws -> any BlockCodec) {
        self.make = make
    }

    func withCodec<Result>(_ body: (any BlockCodec) throws -> Result) throws -> Result {
        let codec = try idle.withLock { $0.popLast() }?.codec ?? make()
        let given = Idle(codec: codec)
        defer { idle.withLock { $0.append(given) } }
        return try body(codec)
    }
}
