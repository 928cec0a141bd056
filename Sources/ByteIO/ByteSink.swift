/// Where bytes go: a hash, a descriptor, a compressor, or several of them.
package protocol ByteSink: AnyObject {
    /// Takes all of `bytes`; they are no longer needed when the call returns.
    func write(_ bytes: UnsafeRawBufferPointer) throws

    /// Bytes of the buffers that it takes best; a multiple of 512.
    var bufferSize: Int { get }

    /// Takes the bytes of a buffer, and maybe the buffer with them.
    ///
    /// - Returns: an empty buffer of the same size, the same one or another.
    func take(_ buffer: BlockBuffer) throws -> BlockBuffer

    /// Whether `copy` takes bytes from a file without bringing them into this process.
    var copiesFiles: Bool { get }

    /// Takes `count` bytes of a file, in the kernel.
    ///
    /// - Parameter offset: where in the file they begin; nil: where `descriptor` stands, which moves on.
    /// - Returns: how many bytes there were: fewer only where the file ends.
    func copy(_ count: Int, from descriptor: Int32, at offset: UInt64?) throws -> Int

    /// Goes on behind `count` bytes that nobody is going to read.
    func leaveHole(_ count: UInt64) throws
}

/// A quarter of a usual second-level cache in bytes, so that what has been gathered is found there.
package let defaultBufferSize = 256 * 1024

extension ByteSink {
    package var bufferSize: Int { defaultBufferSize }

    package func take(_ buffer: BlockBuffer) throws -> BlockBuffer {
        try write(buffer.bytes)
        buffer.clear()
        return buffer
    }

    package var copiesFiles: Bool { false }

    /// Sinks that need to see the bytes are never asked to copy.
    package func copy(_ count: Int, from descriptor: Int32, at offset: UInt64?) throws -> Int { 0 }

    /// Only sinks that count, and files that are read for their headers alone, are asked to leave something out.
    package func leaveHole(_ count: UInt64) throws {}

    package func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try write($0) }
    }
}

/// Takes everything and keeps nothing: for the size that a layer will have.
package final class NullSink: ByteSink {
    package init() {}
    package func write(_ bytes: UnsafeRawBufferPointer) {}
}

/// Keeps everything: for a few bytes.
package final class MemorySink: ByteSink {
    package private(set) var bytes: [UInt8] = []
    package init() {}
    package func write(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }
}
