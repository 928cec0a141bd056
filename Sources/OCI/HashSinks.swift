package import ByteIO

/// Hashes the bytes that are written to it, and passes them on to the next sink if there is one.
///
/// Hashing takes longer than reading, so it runs on a thread of its own as soon as there is more than one buffer: files
/// are read, and the next sink writes, while earlier buffers are hashed.
package final class HashSink: ByteSink {
    /// The largest number of buffers in flight: one that is hashed, and two that wait.
    private static let limit = 3

    private let hash: SHA256
    private let next: (any ByteSink)?
    /// The last buffer that was taken. As long as it is the only one, no thread is needed.
    private var last: BlockBuffer?
    private var worker: OrderedThreadPool<BlockBuffer, BlockBuffer>?

    /// - Throws: `SHA256.Unavailable`.
    package convenience init(to next: (any ByteSink)? = nil) throws {
        self.init(continuing: try SHA256(), to: next)
    }

    /// - Parameter hash: has hashed the bytes before these; nothing else may use it from now on.
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
        let empty = try passOn(hashed)
        return empty.capacity == capacity ? empty : BlockBuffer(capacity: capacity)
    }

    /// Passes on the remaining buffers.
    ///
    /// - Returns: the digest of all bytes that were written.
    package func finish() throws -> Digest {
        while let hashed = try worker?.next() { _ = try passOn(hashed) }
        if let last {
            hash.update(last.bytes)
            _ = try passOn(last)
        }
        last = nil
        return hash.finish()
    }

    /// Passes a hashed buffer on to the next sink.
    ///
    /// - Returns: an empty buffer.
    private func passOn(_ buffer: BlockBuffer) throws -> BlockBuffer {
        if let next { return try next.take(buffer) }
        buffer.clear()
        return buffer
    }

    private var startedWorker: OrderedThreadPool<BlockBuffer, BlockBuffer> {
        if let worker { return worker }
        // Only that thread uses the hash until all buffers have come back.
        nonisolated(unsafe) let hash = hash
        let worker = OrderedThreadPool<BlockBuffer, BlockBuffer>(width: 1) { buffer in
            hash.update(buffer.bytes)
            return buffer
        }
        self.worker = worker
        return worker
    }
}

/// Hashes the bytes that are written to it, on the calling thread.
package final class DigestSink: ByteSink {
    private let hash: SHA256

    package init(_ hash: SHA256) {
        self.hash = hash
    }

    package func write(_ bytes: UnsafeRawBufferPointer) { hash.update(bytes) }

    /// The digest of all bytes that were written.
    package func finish() -> Digest { hash.finish() }
}

/// Hashes and counts the bytes of a blob, and passes them on.
///
/// The digest covers all bytes in order, so nothing may be filled in later.
package final class BlobSink: ArchiveSink {
    private let hash: HashSink
    /// The number of bytes so far.
    package private(set) var size: UInt64 = 0

    /// - Throws: `SHA256.Unavailable`.
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

    /// Passes on the remaining bytes.
    ///
    /// - Returns: the digest of all bytes that were written.
    package func digest() throws -> Digest { try hash.finish() }

    /// Passes on the remaining bytes.
    ///
    /// - Returns: the descriptor of the blob that was written.
    package func descriptor(_ mediaType: String) throws -> Descriptor {
        Descriptor(mediaType: mediaType, digest: try digest(), size: size)
    }
}

/// Hashes and counts the bytes that are read through it.
package final class HashedSource: ByteSource {
    private let source: any ByteSource
    private let hash: SHA256
    /// The number of bytes that were read.
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

    /// The digest of all bytes that were read.
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
