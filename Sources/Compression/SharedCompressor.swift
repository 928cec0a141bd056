import ByteIO
import Dispatch

/// Lets several sinks compress at the same time with the processors and the memory of one.
package final class SharedCompressor: Sendable {
    /// The number of sinks that compress at the same time.
    let sinks: Int
    private let codecs: CodecPool
    /// Bounds the number of codecs, and of threads that use them.
    private let free: DispatchSemaphore

    /// Nil if the compressor is `none`.
    ///
    /// - Parameters:
    ///   - sinks: the number of sinks that compress at the same time.
    ///   - width: the number of threads that compress at the same time, for all sinks together.
    package init?(_ compressor: Compressor, sinks: Int, width: Int = workerCount) {
        guard let format = BlockFormat(compressor) else { return nil }
        self.sinks = sinks
        codecs = CodecPool(format.codec)
        free = DispatchSemaphore(value: width)
    }

    func withCodec<Result>(_ body: (any BlockCodec) throws -> Result) throws -> Result {
        free.wait()
        defer { free.signal() }
        return try codecs.withCodec(body)
    }
}
