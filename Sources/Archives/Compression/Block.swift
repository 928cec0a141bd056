import Failures
import Tar

/// A block on its way through a compressor. It has one owner at a time: the sink that fills and writes it, or the thread
/// that compresses it.
final class Block: @unchecked Sendable {
    var input: BlockBuffer
    private let output: UnsafeMutableRawBufferPointer
    private var compressed = 0

    /// - Parameters:
    ///   - size: bytes of the block.
    ///   - bound: the most bytes that it can come to.
    init(size: Int, bound: Int) {
        input = BlockBuffer(capacity: size)
        output = .allocate(byteCount: bound, alignment: 4096)
    }

    deinit { output.deallocate() }

    func compress(with codec: any BlockCodec) throws {
        compressed = codec.compress(input.bytes, into: output)
        guard compressed > 0 else {
            throw Failure(
                .io, "cannot compress", why: "the compressor gave up on a block of \(input.filled) bytes",
                advice: "use another compressor")
        }
    }

    func withOutput(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        try body(UnsafeRawBufferPointer(rebasing: output[..<compressed]))
    }

    func clear() {
        input.clear()
        compressed = 0
    }
}
