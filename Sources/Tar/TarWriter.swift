package import ByteIO

/// Writes a tar: that of Python's `tarfile` in PAX form, or another's where a reader wants that.
///
/// Headers and small bodies are gathered in one buffer, so that the sink sees large blocks. Bodies of `largeBody` bytes
/// and more go from their file to the sink in the kernel, where the sink can do that.
package final class TarWriter {
    /// From this many bytes on a call of its own for a body is cheaper than copying it to the buffer.
    static let largeBody = 64 * 1024
    /// The unit to which the end of a tar is padded (20 blocks).
    static let recordSize: UInt64 = 10240

    private let sink: any ByteSink
    private let dialect: TarDialect
    private let encoder: TarHeaderEncoder
    private var buffer: BlockBuffer
    /// Bytes written so far, those still in the buffer included.
    package private(set) var position: UInt64 = 0

    package init(to sink: any ByteSink, owner: TarOwner, dialect: TarDialect = .python) {
        self.sink = sink
        self.dialect = dialect
        self.encoder = TarHeaderEncoder(owner: owner, dialect: dialect)
        self.buffer = BlockBuffer(capacity: sink.bufferSize)
    }

    /// Writes the header of an entry, with an extended header before it where it needs one.
    package func header(_ entry: TarEntry) throws {
        for (kind, name) in encoder.longNames(of: entry) { try extend(entry, kind, Array(name) + [0]) }
        let records = encoder.records(for: entry)
        if !records.isEmpty { try extend(entry, TarKind.paxHeader, records.bytes) }
        encoder.encode(entry, to: try block())
        advance(TarHeaderEncoder.blockSize)
    }

    /// Writes what is said of an entry before its header.
    private func extend(_ entry: TarEntry, _ kind: UInt8, _ bytes: [UInt8]) throws {
        encoder.encodeExtension(kind, of: entry, size: bytes.count, to: try block())
        advance(TarHeaderEncoder.blockSize)
        try body(bytes)
    }

    /// Bytes of a header of an entry that needs no extended one.
    package static let blockSize = TarHeaderEncoder.blockSize

    /// The blocks that `header` writes for an entry.
    package static func headerBytes(
        _ entry: TarEntry, owner: TarOwner, dialect: TarDialect = .python
    ) throws -> [UInt8] {
        let sink = MemorySink()
        let writer = TarWriter(to: sink, owner: owner, dialect: dialect)
        try writer.header(entry)
        try writer.flush()
        return sink.bytes
    }

    /// Writes a body that is in memory, and its padding.
    package func body(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { source in
            var rest = source[...]
            while !rest.isEmpty {
                if buffer.isFull { try flush() }
                let count = buffer.append(UnsafeRawBufferPointer(rebasing: rest))
                position += UInt64(count)
                rest = rest.dropFirst(count)
            }
        }
        try pad(UInt64(bytes.count))
    }

    /// Writes a body of `size` bytes, and its padding.
    ///
    /// - Throws: what the sink throws, or `TarBodyTooShort` where the file ends before `size`.
    package func body(_ size: UInt64, from file: some TarBody) throws {
        if size >= UInt64(Self.largeBody), sink.copiesFiles {
            try flush()
            var rest = size
            while rest > 0 {
                // A call's worth at a time, so that progress shows within a large file.
                let count = Int(min(rest, 8 << 20))
                let offset = file.offset.map { $0 + (size - rest) }
                guard try sink.copy(count, from: file.descriptor, at: offset) == count else { throw TarBodyTooShort() }
                rest -= UInt64(count)
                position += UInt64(count)
            }
        } else {
            var rest = size
            while rest > 0 {
                if buffer.isFull { try flush() }
                let read = try file.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer.room.prefix(Int(clamping: rest))))
                guard read > 0 else { throw TarBodyTooShort() }
                advance(read)
                rest -= UInt64(read)
            }
        }
        try pad(size)
    }

    /// Leaves out a body of `size` bytes and its padding, so that only the headers reach the sink, in their places.
    package func leaveOut(_ size: UInt64) throws {
        let count = (size + 511) & ~511
        try flush()
        try sink.leaveHole(count)
        position += count
    }

    /// Counts `size` bytes that went to the sink by another way, after a `flush`, and writes the padding behind them.
    package func endBody(_ size: UInt64) throws {
        position += size
        try pad(size)
    }

    /// Writes the end of the archive, two blocks of zeros and, but for Go's, zeros up to a whole record, and hands all to
    /// the sink.
    package func finish() throws {
        var zeros: UInt64 = 1024
        if dialect != .go { zeros += (Self.recordSize - (position + 1024) % Self.recordSize) % Self.recordSize }
        while zeros > 0 {
            if buffer.isFull { try flush() }
            let count = min(Int(zeros), buffer.room.count)
            putZeros(count)
            zeros -= UInt64(count)
        }
        try flush()
    }

    /// Hands all that was gathered to the sink.
    package func flush() throws {
        guard buffer.filled > 0 else { return }
        buffer = try sink.take(buffer)
    }

    private func pad(_ size: UInt64) throws {
        let count = Int((512 - size % 512) % 512)
        guard count > 0 else { return }
        if buffer.room.count < count { try flush() }
        putZeros(count)
    }

    private func putZeros(_ count: Int) {
        UnsafeMutableRawBufferPointer(rebasing: buffer.room.prefix(count))
            .initializeMemory(as: UInt8.self, repeating: 0)
        advance(count)
    }

    /// Room for one block in the buffer.
    private func block() throws -> UnsafeMutableRawPointer {
        if buffer.room.count < TarHeaderEncoder.blockSize { try flush() }
        guard let start = buffer.room.baseAddress else { throw TarBodyTooShort() }
        return start
    }

    private func advance(_ count: Int) {
        buffer.advance(count)
        position += UInt64(count)
    }
}

/// The body of an entry, in a file.
package protocol TarBody {
    var descriptor: Int32 { get }
    /// Where in the file it begins; nil: where the descriptor stands.
    var offset: UInt64? { get }
    /// Fills the start of `buffer`: how many bytes came, 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

extension FileRangeSource: TarBody {}

/// The body of an entry ended before its size.
package struct TarBodyTooShort: Error {
    package init() {}
}
