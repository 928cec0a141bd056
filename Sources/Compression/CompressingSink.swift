package import ByteIO
import Foundation

/// Compresses what it is given in blocks of one size, on all processors, and writes the blocks in order.
///
/// The bytes that come out depend on what is written alone, and not on the number of processors.
package final class CompressingSink: ArchiveSink {
    private let sink: any ArchiveSink
    private let format: BlockFormat
    private let codecs: CodecPool
    private let workers: OrderedThreadPool<Piece, Piece>
    private var idle: [Block] = []
    private var current: Block?
    /// Pieces under way at most: enough that the threads need not wait while this one reads or writes.
    private let limit: Int
    /// Bytes of all pieces under way, plain and compressed, whatever the number of processors.
    private static let memory = 12 << 20

    /// What goes through the threads, in the order of the output.
    private enum Piece: @unchecked Sendable {
        case block(Block)
        /// Bytes that are stored as they are. No thread touches them.
        case stored(Placeholder)
    }

    /// Nil if there is nothing to compress with: the archive is to be as it is.
    ///
    /// - Parameter threads: how many compress.
    package init?(_ compressor: Compressor, to sink: any ArchiveSink, threads: Int = workerCount) {
        guard let format = BlockFormat(compressor) else { return nil }
        self.sink = sink
        self.format = format
        // While one thread compresses a piece the next one is filled.
        limit = threads == 1 ? 2 : min(8 * threads, Self.memory / (2 * format.blockSize))
        let codecs = CodecPool(format.codec)
        self.codecs = codecs
        workers = OrderedThreadPool(width: threads) { piece in
            if case .block(let block) = piece { try codecs.withCodec { try block.compress(with: $0) } }
            return piece
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
        try submit(.block(block))
        return empty
    }

    package var supportsBackpatching: Bool { sink.supportsBackpatching }

    package func reserve(_ count: Int) throws -> Placeholder {
        try endBlock()
        let reservation = Placeholder(count: format.stored([UInt8](repeating: 0, count: count)).count)
        try submit(.stored(reservation))
        return reservation
    }

    package func fill(_ reservation: Placeholder, _ bytes: [UInt8]) throws {
        let stored = format.stored(bytes)
        if let behind = reservation.behind {
            try sink.fill(behind, stored)
        } else {
            reservation.bytes = stored
        }
    }

    package func writeReserved(_ bytes: [UInt8]) throws {
        try fill(reserve(bytes.count), bytes)
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
        try submit(.block(block))
    }

    private func submit(_ piece: Piece) throws {
        while workers.inFlight >= limit { try writeNext() }
        workers.submit(piece)
    }

    private func writeNext() throws {
        switch try workers.next() {
        case .block(let block):
            try block.withOutput { try sink.write($0) }
            block.clear()
            idle.append(block)
        case .stored(let reservation):
            if let bytes = reservation.bytes {
                try sink.write(bytes)
            } else {
                reservation.behind = try sink.reserve(reservation.count)
            }
        case nil: break
        }
    }
}

/// How an archive, or a layer in the OCI formats, is compressed.
public enum Compressor: String, CaseIterable, Sendable {
    case none
    case gz
    case zstd

    /// What is put behind `.tar` in the name of a file.
    package var suffix: String {
        switch self {
        case .none: ""
        case .gz: ".gz"
        case .zstd: ".zst"
        }
    }
}
