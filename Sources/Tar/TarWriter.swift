package import ByteIO

/// Writes a tar archive like Python's `tarfile` in PAX format, or in another dialect.
///
/// Headers and small bodies are collected in a buffer, so that the sink gets large blocks. The kernel copies bodies of
/// at least `largeBody` bytes from their file to the sink, if the sink supports it.
package final class TarWriter {
    /// The size in bytes from which a system call for a body is cheaper than copying it to the buffer.
    package static let largeBody = 64 * 1024
    /// The size in bytes to a multiple of which an archive is padded (20 blocks).
    static let recordSize: UInt64 = 10240

    private let sink: any ByteSink
    private let dialect: TarDialect
    private let encoder: TarHeaderEncoder
    private var buffer: BlockBuffer
    /// The number of bytes written so far, including those in the buffer.
    package private(set) var position: UInt64 = 0

    /// Creates a writer.
    ///
    /// - Parameter owner: the owner and time of entries without their own attributes.
    package init(to sink: any ByteSink, owner: TarOwner, dialect: TarDialect = .python) {
        self.sink = sink
        self.dialect = dialect
        self.encoder = TarHeaderEncoder(owner: owner, dialect: dialect)
        self.buffer = BlockBuffer(capacity: sink.bufferSize)
    }

    /// Writes the header of an entry, and extended headers before it if needed.
    package func header(_ entry: TarEntry) throws {
        for (kind, name) in encoder.longNames(of: entry) { try extend(entry, kind, Array(name) + [0]) }
        let records = encoder.records(for: entry)
        if !records.isEmpty { try extend(entry, TarKind.paxHeader, records.bytes) }
        encoder.encode(entry, to: try block())
        advance(TarHeaderEncoder.blockSize)
    }

    /// Writes a header that extends an entry, with its body.
    private func extend(_ entry: TarEntry, _ kind: UInt8, _ bytes: [UInt8]) throws {
        encoder.encodeExtension(kind, of: entry, size: bytes.count, to: try block())
        advance(TarHeaderEncoder.blockSize)
        try body(bytes)
    }

    /// The size in bytes of a header without extended headers.
    package static let blockSize = TarHeaderEncoder.blockSize

    /// Encodes the blocks that `header` writes for an entry.
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
    /// - Throws: errors of the sink; `TarBodyTooShort` if the file has fewer than `size` bytes.
    package func body(_ size: UInt64, from file: some TarBody) throws {
        try copy(size, from: file)
        try pad(size)
    }

    /// Writes the body of a sparse file as a whole file, and its padding.
    ///
    /// - Parameter stored: returns the stored bytes from an offset on.
    /// - Throws: errors of the sink; `TarBodyTooShort` if there are fewer stored bytes than in the map.
    package func body(_ map: SparseMap, from stored: (_ offset: UInt64) -> some TarBody) throws {
        var end: UInt64 = 0
        for segment in map.segments {
            try writeZeros(segment.offset - end)
            try copy(segment.size, from: stored(segment.storedOffset))
            end = segment.end
        }
        try writeZeros(map.size - end)
        try pad(map.size)
    }

    private func copy(_ size: UInt64, from file: some TarBody) throws {
        if size >= UInt64(Self.largeBody), sink.copiesFiles {
            try flush()
            var rest = size
            while rest > 0 {
                // The part is small enough that progress is visible within a large file.
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
    }

    /// Leaves a hole for a body of `size` bytes and its padding, so that only headers reach the sink, at their offsets.
    package func leaveOut(_ size: UInt64) throws {
        let count = (size + 511) & ~511
        try flush()
        try sink.leaveHole(count)
        position += count
    }

    /// Counts a body of `size` bytes that was written to the sink directly, after `flush`, and writes its padding.
    package func endBody(_ size: UInt64) throws {
        position += size
        try pad(size)
    }

    /// Writes the end of the archive, two blocks of zeros and (except for Go) padding to a whole record, and flushes.
    package func finish() throws {
        var zeros: UInt64 = 1024
        if dialect != .go { zeros += (Self.recordSize - (position + 1024) % Self.recordSize) % Self.recordSize }
        try writeZeros(zeros)
        try flush()
    }

    /// Passes the buffer to the sink.
    package func flush() throws {
        guard buffer.filled > 0 else { return }
        buffer = try sink.take(buffer)
    }

    private func writeZeros(_ count: UInt64) throws {
        var rest = count
        while rest > 0 {
            if buffer.isFull { try flush() }
            let part = Int(min(rest, UInt64(buffer.room.count)))
            putZeros(part)
            rest -= UInt64(part)
        }
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

    /// Provides memory for one block in the buffer.
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

/// The body of an entry in a file.
package protocol TarBody {
    /// The descriptor of the file.
    var descriptor: Int32 { get }
    /// The offset of the body in the file; nil for the current position of the descriptor.
    var offset: UInt64? { get }
    /// Fills the start of `buffer` with the next bytes of the body.
    ///
    /// - Returns: the number of bytes; 0 only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

extension FileRangeSource: TarBody {}

/// The error for a body with fewer bytes than the size in its header.
package struct TarBodyTooShort: Error {
    /// Creates the error.
    package init() {}
}
