/// A block of memory that is filled from its start, and goes from hand to hand rather than being copied. It has one owner
/// at a time.
public final class BlockBuffer: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer
    /// Bytes from the start that have been written.
    public private(set) var filled = 0

    /// - Parameter capacity: bytes.
    public init(capacity: Int) {
        memory = .allocate(byteCount: max(1, capacity), alignment: 4096)
    }

    deinit { memory.deallocate() }

    /// Bytes that it can hold.
    public var capacity: Int { memory.count }

    public var isFull: Bool { filled == memory.count }

    /// What has been written.
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<filled]) }

    /// The room behind it.
    public var room: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: memory[filled...]) }

    /// Counts `count` more bytes as written: they stand at the start of `room`.
    public func advance(_ count: Int) { filled = min(memory.count, filled + count) }

    /// Takes as many of the bytes as there is room for: their number.
    public func append(_ source: UnsafeRawBufferPointer) -> Int {
        let count = min(source.count, room.count)
        room.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
        advance(count)
        return count
    }

    public func clear() { filled = 0 }
}
