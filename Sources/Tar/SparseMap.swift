/// The parts of a sparse file that an archive stores, one after the other; the bytes between them are zeros.
///
/// Source: GNU tar's manual, "Storing Sparse Files".
package struct SparseMap: Equatable, Sendable {
    /// A stored part.
    package struct Segment: Equatable, Sendable {
        /// The offset in the file.
        package let offset: UInt64
        /// The offset in the stored bytes.
        package let storedOffset: UInt64
        /// The number of bytes; at least 1.
        package let size: UInt64

        /// The offset in the file of the first byte after the part.
        var end: UInt64 { offset + size }
    }

    /// The stored parts, in the order of their offsets.
    package let segments: [Segment]
    /// The size of the file in bytes.
    package let size: UInt64
    /// The number of stored bytes.
    package let storedSize: UInt64

    /// Validates a map.
    ///
    /// - Parameters:
    ///   - numbers: offset and size of each part in turn.
    ///   - size: the size of the file in bytes.
    ///   - storedSize: the number of bytes that the archive stores.
    /// - Throws: `TarFormatError` for parts that overlap, are out of order or beyond the end, or that have another size
    ///   than the stored bytes: readers differ on those.
    init(_ numbers: [UInt64], size: UInt64, storedSize: UInt64) throws(TarFormatError) {
        guard numbers.count % 2 == 0 else { throw TarFormatError("its sparse map has a part without a size") }
        var segments: [Segment] = []
        var (end, stored): (UInt64, UInt64) = (0, 0)
        for index in stride(from: 0, to: numbers.count, by: 2) {
            let (offset, length) = (numbers[index], numbers[index + 1])
            guard offset >= end, offset <= size, length <= size - offset else {
                throw TarFormatError("its sparse map has a part that is out of order or beyond the end of the file")
            }
            if length > 0 { segments.append(Segment(offset: offset, storedOffset: stored, size: length)) }
            end = offset + length
            stored += length
        }
        guard stored == storedSize else {
            throw TarFormatError("its sparse map has \(stored) bytes of data, but \(storedSize) bytes are stored")
        }
        self.segments = segments
        self.size = size
        self.storedSize = storedSize
    }
}

/// A position in a sparse file that is read from its start to its end.
package struct SparseCursor {
    /// The next bytes of the file.
    package enum Part: Equatable {
        /// Zeros, which are not stored.
        case zeros(Int)
        /// Bytes at an offset of the stored bytes.
        case stored(Int, at: UInt64)
    }

    private let map: SparseMap
    /// The index of the first segment that ends after the position.
    private var segment = 0
    private var position: UInt64 = 0

    /// Creates a cursor at the start of the file.
    package init(_ map: SparseMap) {
        self.map = map
    }

    /// The number of bytes from the position to the end of the file.
    var rest: UInt64 { map.size - position }

    /// The next bytes at the position.
    ///
    /// - Parameter limit: the maximum number of bytes.
    /// - Returns: a part of at least one byte; nil at the end of the file, or if `limit` is 0.
    package func part(limit: Int) -> Part? {
        let next = segment < map.segments.count ? map.segments[segment] : nil
        let start = next?.offset ?? map.size
        if position < start { return limit > 0 ? .zeros(Int(min(UInt64(limit), start - position))) : nil }
        guard let next, limit > 0 else { return nil }
        let count = min(UInt64(limit), next.end - position)
        return .stored(Int(count), at: next.storedOffset + (position - next.offset))
    }

    /// Moves the position behind bytes that were read.
    ///
    /// - Parameter count: the size of the part that `part` returned, or less.
    package mutating func advance(_ count: Int) {
        position += UInt64(count)
        if segment < map.segments.count, position >= map.segments[segment].end { segment += 1 }
    }
}
