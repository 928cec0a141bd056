package import ByteIO

/// Receives the progress of writing an image.
public protocol Progress: Sendable {
    /// Reports that a layer begins.
    ///
    /// - Parameters:
    ///   - number: the layer's number, from 1.
    ///   - count: the number of layers in the image.
    ///   - title: a short description of the layer.
    ///   - size: the size of the uncompressed tar in bytes.
    func layer(_ number: Int, of count: Int, title: String, size: UInt64)

    /// Reports that further bytes of the layer were written.
    func advance(_ bytes: Int)

    /// Reports that nothing more will be written.
    func finish()
}

/// Passes bytes on to a sink, and reports their number.
package final class ProgressSink: ByteSink {
    private let next: any ByteSink
    private let progress: any Progress

    package init(to next: any ByteSink, _ progress: any Progress) {
        self.next = next
        self.progress = progress
    }

    package var bufferSize: Int { next.bufferSize }

    package var copiesFiles: Bool { next.copiesFiles }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        try next.write(bytes)
        progress.advance(bytes.count)
    }

    package func take(_ buffer: BlockBuffer) throws -> BlockBuffer {
        let count = buffer.filled
        let empty = try next.take(buffer)
        progress.advance(count)
        return empty
    }

    package func copy(_ count: Int, from descriptor: Int32, at offset: UInt64?) throws -> Int {
        let copied = try next.copy(count, from: descriptor, at: offset)
        progress.advance(copied)
        return copied
    }
}
