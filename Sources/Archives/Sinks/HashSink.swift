import Digests
import Tar

/// Hashes what it is given, and hands it on where there is another sink behind it.
///
/// Hashing takes longer than reading, so that it has a thread of its own as soon as there is more than one buffer: files
/// are read, and what comes behind is written, while the buffers before are hashed.
public final class HashSink: ByteSink {
    /// Buffers under way at most: one that is hashed, and two that wait.
    private static let limit = 3

    private let hash: SHA256
    private let next: (any ByteSink)?
    /// The last buffer that was taken. If it stays the only one no thread is needed.
    private var last: BlockBuffer?
    private var worker: OrderedWorkers<BlockBuffer, BlockBuffer>?

    public convenience init(to next: (any ByteSink)? = nil) throws {
        self.init(continuing: try SHA256(), to: next)
    }

    /// - Parameter hash: has seen what comes before; it is this object's from here on.
    public init(continuing hash: SHA256, to next: (any ByteSink)? = nil) {
        self.hash = hash
        self.next = next
    }

    deinit { worker?.finish() }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        let buffer = BlockBuffer(capacity: bytes.count)
        _ = buffer.append(bytes)
        _ = try take(buffer)
    }

    public var bufferSize: Int { next?.bufferSize ?? defaultBufferSize }

    public func take(_ buffer: BlockBuffer) throws -> BlockBuffer {
        let capacity = buffer.capacity
        if let last { startedWorker.submit(last) }
        last = buffer
        guard let worker, worker.underWay >= Self.limit, let hashed = try worker.next() else {
            return BlockBuffer(capacity: capacity)
        }
        let empty = try handOn(hashed)
        return empty.capacity == capacity ? empty : BlockBuffer(capacity: capacity)
    }

    /// The digest of all that was written; what is behind has all of it then.
    public func finish() throws -> Digest {
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

    private var startedWorker: OrderedWorkers<BlockBuffer, BlockBuffer> {
        if let worker { return worker }
        // The hash belongs to that thread until all buffers have come back.
        nonisolated(unsafe) let hash = hash
        let worker = OrderedWorkers<BlockBuffer, BlockBuffer>(width: 1) { buffer in
            hash.update(buffer.bytes)
            return buffer
        }
        self.worker = worker
        return worker
    }
}
