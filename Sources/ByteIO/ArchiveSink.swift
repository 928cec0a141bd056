/// Where an archive goes: a file, a pipe, with or without compression.
package protocol ArchiveSink: ByteSink {
    /// Whether bytes that were set aside are worth being filled in after what follows them.
    ///
    /// An archive names a layer by its digest before the layer's bytes. Where the name may come late a layer is read once,
    /// for the digest and the archive together; elsewhere twice.
    var supportsBackpatching: Bool { get }

    /// Sets `count` bytes aside that `fill` gives later. Only for sinks that fill later.
    func reserve(_ count: Int) throws -> Placeholder

    /// Gives the bytes that were set aside.
    func fill(_ reservation: Placeholder, _ bytes: [UInt8]) throws

    /// Writes bytes as `reserve` and `fill` would have them, so that the archive is the same either way.
    func writeReserved(_ bytes: [UInt8]) throws

    /// Writes all that was held back.
    func finish() throws
}

/// A sink whose bytes go one behind another, so that none may come late.
extension ArchiveSink {
    package var supportsBackpatching: Bool { false }

    package func reserve(_ count: Int) throws -> Placeholder {
        try write([UInt8](repeating: 0, count: count))
        return Placeholder(count: count)
    }

    package func fill(_ reservation: Placeholder, _ bytes: [UInt8]) throws {}

    package func writeReserved(_ bytes: [UInt8]) throws { try write(bytes) }

    package func finish() throws {}
}

/// Bytes set aside in an archive, to be given once what follows them is known. It belongs to the sink that gave it.
package final class Placeholder {
    package let count: Int
    /// Where in the file they lie, once they are written.
    var offset: Int64?
    /// The bytes themselves, where they were given before they were written.
    package var bytes: [UInt8]?
    /// The same in the sink behind, once they are written there.
    package var behind: Placeholder?

    package init(count: Int) {
        self.count = count
    }
}

/// Counts what goes through it: an archive that is sent, and written nowhere.
package final class StreamSink: ArchiveSink {
    private let next: any ByteSink
    /// Bytes so far.
    package private(set) var size: UInt64 = 0

    package init(to next: any ByteSink) {
        self.next = next
    }

    package var bufferSize: Int { next.bufferSize }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        size += UInt64(bytes.count)
        try next.write(bytes)
    }

    package func take(_ buffer: BlockBuffer) throws -> BlockBuffer {
        size += UInt64(buffer.filled)
        return try next.take(buffer)
    }
}
