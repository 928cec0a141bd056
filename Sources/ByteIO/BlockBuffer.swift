/// A block of memory that is filled from its start. It is passed from sink to sink instead of being copied, and has one
/// owner at a time.
package final class BlockBuffer: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer
    /// The number of bytes at the start that have been written.
    package private(set) var filled = 0

    /// Allocates the memory.
    ///
    /// - Parameter capacity: bytes.
    package init(capacity: Int) {
        memory = .allocate(byteCount: max(1, capacity), alignment: 4096)
    }

    deinit { memory.deallocate() }

    /// The size of the memory in bytes.
    package var capacity: Int { memory.count }

    /// Whether all bytes have been written.
    package var isFull: Bool { filled == memory.count }

    /// The bytes that have been written.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<filled]) }

    /// The unused memory after the written bytes.
    package var room: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: memory[filled...]) }

    /// Counts `count` bytes at the start of `room` as written.
    package func advance(_ count: Int) { filled = min(memory.count, filled + count) }

    /// Copies as many bytes of `source` as there is room for.
    ///
    /// - Returns: the number of copied bytes.
    package func append(_ source: UnsafeRawBufferPointer) -> Int {
        let count = min(source.count, room.count)
        room.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
        advance(count)
        return count
    }

    /// Discards all bytes and keeps the memory.
    package func clear() { filled = 0 }
}

/// Buffers small reads, such as those of headers, to save system calls.
struct ReadBuffer: ~Copyable {
    private let memory: UnsafeMutableRawBufferPointer
    /// The part of `memory` that has been read from the file but not returned.
    private var held = 0..<0

    /// - Parameter capacity: bytes; a read of this size or more bypasses the buffer.
    init(capacity: Int) {
        memory = .allocate(byteCount: capacity, alignment: 4096)
    }

    deinit { memory.deallocate() }

    /// The number of bytes that have been read from the file but not returned.
    var count: Int { held.count }

    /// Fills the start of `target`.
    ///
    /// - Parameter refill: reads the next bytes of the file.
    /// - Returns: the number of bytes; 0 only at the end of the file, or if `target` is empty.
    mutating func read(
        into target: UnsafeMutableRawBufferPointer, refill: (UnsafeMutableRawBufferPointer) throws -> Int
    ) throws -> Int {
        if held.isEmpty {
            if target.count >= memory.count { return try refill(target) }
            guard !target.isEmpty else { return 0 }
            held = 0..<(try refill(memory))
        }
        let count = min(target.count, held.count)
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[held].prefix(count)))
        held = held.dropFirst(count)
        return count
    }

    /// Skips buffered bytes, `count` at most.
    ///
    /// - Returns: the number of skipped bytes.
    mutating func skip(_ count: UInt64) -> UInt64 {
        let skipped = min(count, UInt64(held.count))
        held = held.dropFirst(Int(skipped))
        return skipped
    }
}
