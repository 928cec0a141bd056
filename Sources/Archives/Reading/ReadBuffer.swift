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
