/// Receives bytes: a hash, a descriptor, a compressor, or several of these.
package protocol ByteSink: AnyObject {
    /// Writes all of `bytes`, which the sink does not use after the call.
    func write(_ bytes: UnsafeRawBufferPointer) throws

    /// The preferred size of buffers in bytes; a multiple of 512.
    var bufferSize: Int { get }

    /// Writes the bytes of a buffer, and may keep the buffer.
    ///
    /// - Returns: an empty buffer of the same size: the same one or another.
    func take(_ buffer: BlockBuffer) throws -> BlockBuffer

    /// Whether `copy` lets the kernel copy bytes from a file, without reading them into this process.
    var copiesFiles: Bool { get }

    /// Copies `count` bytes of a file in the kernel.
    ///
    /// - Parameter offset: the position in the file; nil for the current position of `descriptor`, which then advances.
    /// - Returns: the number of copied bytes; less than `count` only at the end of the file.
    func copy(_ count: Int, from descriptor: Int32, at offset: UInt64?) throws -> Int

    /// Skips `count` bytes of the output that are never read.
    func leaveHole(_ count: UInt64) throws
}

/// The default size of buffers: 256 KiB, a quarter of a typical second-level cache, so that buffered bytes stay in it.
package let defaultBufferSize = 256 * 1024

extension ByteSink {
    package var bufferSize: Int { defaultBufferSize }

    package func take(_ buffer: BlockBuffer) throws -> BlockBuffer {
        try write(buffer.bytes)
        buffer.clear()
        return buffer
    }

    package var copiesFiles: Bool { false }

    /// Never called: `copiesFiles` is false for a sink that needs the bytes themselves.
    package func copy(_ count: Int, from descriptor: Int32, at offset: UInt64?) throws -> Int { 0 }

    /// Does nothing: only sinks that count, and files that are read only for their headers, get holes.
    package func leaveHole(_ count: UInt64) throws {}

    /// Writes an array of bytes.
    package func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try write($0) }
    }
}

/// Discards all bytes: for computing the size of a layer.
package final class NullSink: ByteSink {
    /// Creates the sink.
    package init() {}
    package func write(_ bytes: UnsafeRawBufferPointer) {}
}

/// Keeps all bytes in memory: for small outputs.
package final class MemorySink: ByteSink {
    /// All bytes so far.
    package private(set) var bytes: [UInt8] = []
    /// Creates an empty sink.
    package init() {}
    package func write(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }
}
