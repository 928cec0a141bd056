import ByteIO

/// Hashes what it is given, and hands it on where there is another sink behind it.
///
/// Hashing takes longer than reading, so that it has a thread of its own as soon as there is more than one buffer: files
/// are read, and what comes behind is written, while the buffers before are hashed.
package final class HashSink: ByteSink {
    /// Buffers under way at most: one that is hashed, and two that wait.
    private static let limit = 3

    private let hash: SHA256
    private let next: (any ByteSink)?
    /// The last buffer that was taken. If it stays the only one no thread is needed.
    private var last: BlockBuffer?
    private var worker: OrderedThreadPool<BlockBuffer, BlockBuffer>?

    package convenience init(to next: (any ByteSink)? = nil) throws {
        self.init(continuing: try SHA256(), to: next)
    }

    /// - Parameter hash: has seen what comes before; it is this object's from here on.
    package init(continuing hash: SHA256, to next: (any ByteSink)? = nil) {
        self.hash = hash
        self.next = next
    }

    deinit { worker?.finish() }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        let buffer = BlockBuffer(capacity: bytes.count)
        _ = buffer.append(bytes)
        _ = try take(buffer)
    }

    package var bufferSize: Int { next?.bufferSize ?? defaultBufferSize }

    package func take(_ buffer: BlockBuffer) throws -> BlockBuffer {
        let capacity = buffer.capacity
        if let last { startedWorker.submit(last) }
        last = buffer
        guard let worker, worker.inFlight >= Self.limit, let hashed = try worker.next() else {
            return BlockBuffer(capacity: capacity)
        }
        let empty = try handOn(hashed)
        return empty.capacity == capacity ? empty : BlockBuffer(capacity: capacity)
    }

    /// The digest of all that was written; what is behind has all of it then.
    package func finish() throws -> Digest {
        while let hashed = try worker?.next() { _ = try handOn(hashed) }
        if let last {
            hash.update(last.bytes)
            _ = try handOn(last)
        }
        last = nil
        return hash.finish()
    }

    /// Gives a buffer that was hashed to the next sink: an empty one.
    private func handOn(_ buffer: BlockBuffer) throws -> BlockBuffer {
        if let next { return try next.take(buffer) }
        buffer.clear()
        return buffer
    }

    private var startedWorker: OrderedThreadPool<BlockBuffer, BlockBuffer> {
        if let worker { return worker }
        // The hash belongs to that thread until all buffers have come back.
        nonisolated(unsafe) let hash = hash
        let worker = OrderedThreadPool<BlockBuffer, BlockBuffer>(width: 1) { buffer in
            hash.update(buffer.bytes)
            return buffer
        }
        self.worker = worker
        return worker
    }
}

/// Hashes what it is given, on the thread that gives it.
package final class DigestSink: ByteSink {
    private let hash: SHA256

    package init(_ hash: SHA256) {
        self.hash = hash
    }

    package func write(_ bytes: UnsafeRawBufferPointer) { hash.update(bytes) }

    /// The digest of all that was written.
    package func finish() -> Digest { hash.finish() }
}

/// Hashes and counts what goes through it: a blob, which is named by its digest. That is of all bytes, so that none may
/// come late.
package final class BlobSink: ArchiveSink {
    private let hash: HashSink
    /// Bytes so far.
    package private(set) var size: UInt64 = 0

    package init(to next: any ByteSink) throws {
        hash = try HashSink(to: next)
    }

    package var bufferSize: Int { hash.bufferSize }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        size += UInt64(bytes.count)
        try hash.write(bytes)
    }

    package func take(_ buffer: BlockBuffer) throws -> BlockBuffer {
        size += UInt64(buffer.filled)
        return try hash.take(buffer)
    }

    /// The digest of all that was written; what is behind has all of it then.
    package func digest() throws -> Digest { try hash.finish() }
}

/// Hashes and counts what is read through it.
package final class HashedSource: ByteSource {
    private let source: any ByteSource
    private let hash: SHA256
    /// Bytes that were read.
    package private(set) var count: UInt64 = 0

    package init(_ source: any ByteSource, _ hash: SHA256) {
        self.source = source
        self.hash = hash
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let read = try source.read(into: buffer)
        hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
        count += UInt64(read)
        return read
    }

    /// The digest of all that was read.
    package func finish() -> Digest { hash.finish() }
}

extension FileRange {
    /// The SHA-256 of all bytes of the range.
    package func digest() throws -> Digest {
        let sink = DigestSink(try SHA256())
        try copy(to: sink)
        return sink.finish()
    }
}
