import Tar

/// Tells of what goes through it.
final class ProgressSink: ByteSink {
    private let next: any ByteSink
    private let progress: any Progress

    init(to next: any ByteSink, _ progress: any Progress) {
        self.next = next
        self.progress = progress
    }

    var bufferSize: Int { next.bufferSize }

    var copiesFiles: Bool { next.copiesFiles }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        try next.write(bytes)
        progress.advance(bytes.count)
    }

    func take(_ buffer: BlockBuffer) throws -> BlockBuffer {
        let count = buffer.filled
        let empty = try next.take(buffer)
        progress.advance(count)
        return empty
    }

    func copy(_ count: Int, from descriptor: Int32, at offset: UInt64?) throws -> Int {
        let copied = try next.copy(count, from: descriptor, at: offset)
        progress.advance(copied)
        return copied
    }
}
