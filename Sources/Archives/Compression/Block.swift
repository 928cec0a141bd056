import Failures

/// A block on its way through a compressor. It has one owner at a time: the sink that fills and writes it, or the thread
/// that compresses it.
final class Block: @unchecked Sendable {
    private let codec: any BlockCodec
    private let input: UnsafeMutableRawBufferPointer
    private let output: UnsafeMutableRawBufferPointer
    private var filled = 0
    private var compressed = 0

    init(codec: any BlockCodec, size: Int) {
        self.codec = codec
        input = .allocate(byteCount: size, alignment: 4096)
        output = .allocate(byteCount: codec.bound(size), alignment: 4096)
    }

    deinit {
        input.deallocate()
        output.deallocate()
    }

    var isFull: Bool { filled == input.count }

    /// Takes as many bytes as there is room for: their number.
    func append(_ bytes: UnsafeRawBufferPointer) -> Int {
        let count = min(bytes.count, input.count - filled)
        UnsafeMutableRawBufferPointer(rebasing: input[filled..<filled + count])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        filled += count
        return count
    }

    func compress() throws {
        compressed = codec.compress(UnsafeRawBufferPointer(rebasing: input[..<filled]), into: output)
        guard compressed > 0 else {
            throw Failure(
                .io, "cannot compress", why: "the compressor gave up on a block of \(filled) bytes",
                advice: "use another compressor")
        }
    }

    func withOutput(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        try body(UnsafeRawBufferPointer(rebasing: output[..<compressed]))
    }

    func clear() {
        filled = 0
        compressed = 0
    }
}
