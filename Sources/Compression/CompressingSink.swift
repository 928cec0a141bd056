package import ByteIO
import Foundation

/// Compresses an archive in blocks of one size, on several threads, and writes the blocks in order.
///
/// The output depends only on the input, not on the number of threads.
package final class CompressingSink: ArchiveSink {
    private let sink: any ArchiveSink
    private let format: BlockFormat
    private let codecs: SharedCompressor
    private let workers: OrderedThreadPool<Block, Block>
    private var idle: [Block] = []
    private var current: Block?
    /// The maximum number of blocks in flight: enough for the threads to work while the owner reads or writes.
    private let limit: Int
    /// The maximum memory in bytes of all blocks in flight, uncompressed and compressed, with any number of threads.
    private static let memory = 12 << 20

    /// Starts the threads; nil if the compressor is `none`.
    ///
    /// - Parameters:
    ///   - threads: the number of threads that compress, at least 1.
    ///   - shared: what the sink shares with other sinks of the same compressor; nil: nothing.
    package init?(
        _ compressor: Compressor, to sink: any ArchiveSink, threads: Int = workerCount,
        sharing shared: SharedCompressor? = nil
    ) {
        guard let format = BlockFormat(compressor),
            let codecs = shared ?? SharedCompressor(compressor, sinks: 1, width: threads)
        else { return nil }
        self.sink = sink
        self.format = format
        // While one thread compresses a block, the next one is filled. Sinks that share the threads need fewer blocks each.
        let blocks = threads == 1 || codecs.sinks > 1 ? threads + 1 : 8 * threads
        limit = min(blocks, Self.memory / (2 * format.blockSize * codecs.sinks))
        self.codecs = codecs
        workers = OrderedThreadPool(width: threads) { block in
            try codecs.withCodec { try block.compress(with: $0) }
            return block
        }
    }

    deinit { workers.finish() }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let block = try current ?? emptyBlock()
            current = block
            let taken = block.input.append(UnsafeRawBufferPointer(rebasing: rest))
            rest = rest.dropFirst(taken)
            if block.input.isFull { try endBlock() }
        }
    }

    package var bufferSize: Int { format.blockSize }

    package func take(_ buffer: BlockBuffer) throws -> BlockBuffer {
        guard current == nil, buffer.isFull, buffer.capacity == format.blockSize else {
            try write(buffer.bytes)
            buffer.clear()
            return buffer
        }
        let block = try emptyBlock()
        let empty = block.input
        block.input = buffer
        try submit(block)
        return empty
    }

    package func finish() throws {
        try endBlock()
        while workers.inFlight > 0 { try writeNext() }
        try sink.finish()
    }

    private func emptyBlock() throws -> Block {
        if let block = idle.popLast() { return block }
        let bound = try codecs.withCodec { $0.bound(format.blockSize) }
        return Block(size: format.blockSize, bound: bound)
    }

    private func endBlock() throws {
        guard let block = current else { return }
        current = nil
        try submit(block)
    }

    private func submit(_ block: Block) throws {
        while workers.inFlight >= limit { try writeNext() }
        workers.submit(block)
    }

    private func writeNext() throws {
        guard let block = try workers.next() else { return }
        try block.withOutput { try sink.write($0) }
        block.clear()
        idle.append(block)
    }
}

/// The compression of an archive, or of layers in the OCI formats.
public enum Compressor: String, CaseIterable, Sendable {
    case none
    case gz
    case zstd

    /// The suffix after `.tar` in a file name.
    package var suffix: String {
        switch self {
        case .none: ""
        case .gz: ".gz"
        case .zstd: ".zst"
        }
    }
}
