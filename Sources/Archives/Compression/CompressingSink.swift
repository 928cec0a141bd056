import Digests
import Failures
import Foundation
import Tar

/// Compresses what it is given in blocks of one size, on all processors, and writes the blocks in order.
///
/// The bytes that come out depend on what is written alone, and not on the number of processors.
public final class CompressingSink: ArchiveSink {
    private let sink: any ArchiveSink
    private let format: Format
    private let workers: OrderedWorkers<Block, Block>
    private var idle: [Block] = []
    private var current: Block?
    /// Blocks under way at most: enough that the threads need not wait while this one reads or writes.
    private let limit: Int

    /// Nil if there is nothing to compress with: the archive is to be as it is.
    ///
    /// - Parameter threads: how many compress.
    public init?(_ compressor: Compressor, to sink: any ArchiveSink, threads: Int = workerCount) {
        guard let format = Format(compressor) else { return nil }
        self.sink = sink
        self.format = format
        limit = 2 * threads + 1
        workers = OrderedWorkers(width: threads) { block in
            try block.compress()
            return block
        }
    }

    deinit { workers.finish() }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let block = try current ?? emptyBlock()
            current = block
            let taken = block.append(UnsafeRawBufferPointer(rebasing: rest))
            rest = rest.dropFirst(taken)
            if block.isFull { try endBlock() }
        }
    }

    public var fillsLater: Bool { sink.fillsLater }

    public func reserve(_ count: Int) throws -> Reservation {
        try drain()
        return try sink.reserve(format.stored([UInt8](repeating: 0, count: count)).count)
    }

    public func fill(_ reservation: Reservation, _ bytes: [UInt8]) throws {
        try sink.fill(reservation, format.stored(bytes))
    }

    public func writeReserved(_ bytes: [UInt8]) throws {
        try drain()
        try sink.writeReserved(format.stored(bytes))
    }

    public func finish() throws {
        try drain()
        try sink.finish()
    }

    private func emptyBlock() throws -> Block {
        while workers.underWay >= limit { try writeNext() }
        return try idle.popLast() ?? Block(codec: format.codec(), size: format.blockSize)
    }

    private func endBlock() throws {
        guard let block = current else { return }
        current = nil
        workers.submit(block)
    }

    /// Ends the block at hand and writes all that are under way.
    private func drain() throws {
        try endBlock()
        while workers.underWay > 0 { try writeNext() }
    }

    private func writeNext() throws {
        guard let block = try workers.next() else { return }
        try block.withOutput { try sink.write($0) }
        block.clear()
        idle.append(block)
    }
}

extension CompressingSink {
    /// What differs between gzip and zstd.
    private struct Format {
        let blockSize: Int
        let codec: () throws -> any BlockCodec
        let stored: ([UInt8]) -> [UInt8]

        init?(_ compressor: Compressor) {
            switch compressor {
            case .none: return nil
            case .gz:
                // Matches reach back 32 KiB: larger blocks gain less than 1 %, and leave the processor's cache.
                blockSize = 256 * 1024
                codec = { try GzipCodec() }
                stored = StoredBlock.gzip
            case .zstd:
                // The window of the default level is 2 MiB; half of it costs 1 %, and memory a thread.
                blockSize = 1024 * 1024
                codec = { try ZstdCodec() }
                stored = StoredBlock.zstd
            }
        }
    }
}
