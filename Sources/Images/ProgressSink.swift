import Tar

/// Tells of what goes through it.
public final class ProgressSink: ByteSink {
    private let next: any ByteSink
    private let progress: any Progress

    public init(to next: any ByteSink, _ progress: any Progress) {
        self.next = next
        self.progress = progress
    }

    public var bufferSize: Int { next.bufferSize }

    public var copiesFiles: Bool { next.copiesFiles }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        try next.write(bytes)
        progress.advance(bytes.count)
    }

    public func take(_ buffer: BlockBuffer) throws -> BlockBuffer {
        let count = buffer.filled
        let empty = try next.take(buffer)
        progress.advance(count)
        return empty
    }

    public func copy(_ count: Int, from descriptor: Int32, at offset: UInt64?) throws -> Int {
        let copied = try next.copy(count, from: descriptor, at: offset)
        progress.advance(copied)
        return copied
    }
}
