import ByteIO

/// Is told how the writing of an image goes on.
public protocol Progress: Sendable {
    /// A layer begins.
    ///
    /// - Parameters:
    ///   - number: from 1 on.
    ///   - count: how many layers the image has.
    ///   - size: bytes of its plain tar.
    func layer(_ number: Int, of count: Int, title: String, size: UInt64)

    /// So many bytes of the layer more were written.
    func advance(_ bytes: Int)

    /// All is written, or nothing more will be.
    func finish()
}

/// Tells of what goes through it.
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
