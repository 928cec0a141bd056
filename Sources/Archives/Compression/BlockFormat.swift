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
