/// A block of memory that is filled from its start, and goes from hand to hand rather than being copied. It has one owner
/// at a time.
package final class BlockBuffer: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer
    /// Bytes from the start that have been written.
    package private(set) var filled = 0

    /// - Parameter capacity: bytes.
    package init(capacity: Int) {
        memory = .allocate(byteCount: max(1, capacity), alignment: 4096)
    }

    deinit { memory.deallocate() }

    /// Bytes that it can hold.
    package var capacity: Int { memory.count }

    package var isFull: Bool { filled == memory.count }

    /// What has been written.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<filled]) }

    /// The room behind it.
    package var room: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: memory[filled...]) }

    /// Counts `count` more bytes as written: they stand at the start of `room`.
    package func advance(_ count: Int) { filled = min(memory.count, filled + count) }

    /// Takes as many of the bytes as there is room for: their number.
    package func append(_ source: UnsafeRawBufferPointer) -> Int {
        let count = min(source.count, room.count)
        room.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
        advance(count)
        return count
    }

    package func clear() { filled = 0 }
}

/// What was read and not given yet, so that small reads, those of headers, need no call of the system each.
struct ReadBuffer: ~Copyable {
    private let memory: UnsafeMutableRawBufferPointer
    /// The bytes of `memory` that were read and not given yet.
    private var held = 0..<0

    /// - Parameter capacity: bytes; a read of as many or more goes by the buffer.
    init(capacity: Int) {
        memory = .allocate(byteCount: capacity, alignment: 4096)
    }

    deinit { memory.deallocate() }

    /// How many bytes were read and not given yet.
    var count: Int { held.count }

    /// Fills the start of `target`.
    ///
    /// - Parameter refill: reads what comes next.
    /// - Returns: how many bytes came; 0 only where nothing comes any more, or `target` is empty.
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

    /// Passes over what is held, `count` bytes at most: how many there were.
    mutating func skip(_ count: UInt64) -> UInt64 {
        let skipped = min(count, UInt64(held.count))
        held = held.dropFirst(Int(skipped))
        return skipped
    }
}
