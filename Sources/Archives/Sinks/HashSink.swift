import Digests
import Tar

/// Hashes what it is given, and hands it on where there is another sink behind it.
///
/// Hashing takes longer than reading, so that it has a thread of its own as soon as there is more than one block: files
/// are read, and what comes behind is written, while the block before is hashed.
public final class HashSink: ByteSink {
    /// Blocks that wait for the hash at most: one that is filled, one that is hashed, two on the way.
    private static let limit = 4

    private let hash: SHA256
    private let next: (any ByteSink)?
    private var current = HashBlock()
    private var idle: [HashBlock] = []
    private var worker: OrderedWorkers<HashBlock, HashBlock>?

    public init(to next: (any ByteSink)? = nil) throws {
        self.hash = try SHA256()
        self.next = next
    }

    deinit { worker?.finish() }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            if current.isFull { try handOver() }
            let taken = current.append(UnsafeRawBufferPointer(rebasing: rest))
            rest = rest.dropFirst(taken)
        }
        try next?.write(bytes)
    }

    /// The digest of all that was written.
    public func finish() throws -> Digest {
        while let worker, worker.underWay > 0 { _ = try worker.next() }
        current.hash(into: hash)
        return hash.finish()
    }

    /// Gives the full block to the thread that hashes.
    private func handOver() throws {
        let worker = worker ?? startWorker()
        worker.submit(current)
        if worker.underWay == Self.limit, let block = try worker.next() {
            block.clear()
            idle.append(block)
        }
        current = idle.popLast() ?? HashBlock()
    }

    private func startWorker() -> OrderedWorkers<HashBlock, HashBlock> {
        // The hash belongs to that thread until all blocks have come back.
        nonisolated(unsafe) let hash = hash
        let worker = OrderedWorkers<HashBlock, HashBlock>(width: 1) { block in
            block.hash(into: hash)
            return block
        }
        self.worker = worker
        return worker
    }
}

/// Bytes on their way to a hash. It has one owner at a time.
private final class HashBlock: @unchecked Sendable {
    /// Two of them fit into a processor's second-level cache.
    private static let size = 256 * 1024

    private let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
    private var filled = 0

    deinit { bytes.deallocate() }

    var isFull: Bool { filled == bytes.count }

    func append(_ source: UnsafeRawBufferPointer) -> Int {
        let count = min(source.count, bytes.count - filled)
        UnsafeMutableRawBufferPointer(rebasing: bytes[filled..<filled + count])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
        filled += count
        return count
    }

    func hash(into hash: SHA256) {
        hash.update(UnsafeRawBufferPointer(rebasing: bytes[..<filled]))
    }

    func clear() { filled = 0 }
}
