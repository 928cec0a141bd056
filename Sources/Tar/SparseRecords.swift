/// The records of a PAX header that describe a sparse file, in GNU tar's formats 0.0, 0.1 and 1.0.
///
/// Source: GNU tar's manual, "PAX Format, Versions 0.0", "… 0.1" and "… 1.0". bsdtar writes 1.0.
struct SparseRecords {
    /// The prefix of the keys.
    static let prefix = "GNU.sparse."

    /// The name of the file; nil if the path has it.
    private(set) var name: [UInt8]?
    private var major: UInt64?
    private var minor: UInt64?
    private var size: UInt64?
    private var realSize: UInt64?
    private var partCount: UInt64?
    /// Offset and size of each part in turn; nil if no record has any.
    private var numbers: [UInt64]?

    /// Takes a record.
    ///
    /// - Parameter key: the key without the prefix.
    mutating func take(_ key: String, _ value: ArraySlice<UInt8>) throws(TarFormatError) {
        let full = Self.prefix + key
        switch key {
        case "name": try PAXHeader.set(&name, full, PAXHeader.name(full, value))
        case "major": try PAXHeader.set(&major, full, PAXHeader.integer(full, value))
        case "minor": try PAXHeader.set(&minor, full, PAXHeader.integer(full, value))
        case "size": try PAXHeader.set(&size, full, PAXHeader.integer(full, value))
        case "realsize": try PAXHeader.set(&realSize, full, PAXHeader.integer(full, value))
        case "numblocks": try PAXHeader.set(&partCount, full, PAXHeader.integer(full, value))
        case "offset", "numbytes":
            guard (numbers ?? []).count % 2 == (key == "offset" ? 0 : 1) else {
                throw TarFormatError("the offsets and sizes of its sparse map do not alternate")
            }
            numbers = (numbers ?? []) + [try PAXHeader.integer(full, value)]
        case "map":
            var map: [UInt64] = []
            for number in value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: value.isEmpty) {
                map.append(try PAXHeader.integer(full, number))
            }
            try PAXHeader.set(&numbers, full, map)
        default: break
        }
    }

    /// Whether the map is at the start of the body: format 1.0.
    ///
    /// - Throws: `TarFormatError` for a version that is not known.
    var hasMapInBody: Bool {
        get throws(TarFormatError) {
            switch (major ?? 0, minor ?? 0) {
            case (0, _): return false
            case (1, 0): return true
            case (let major, let minor):
                throw TarFormatError("it is a sparse file of the unknown format \(major).\(minor)")
            }
        }
    }

    /// The map of format 0.0 or 0.1.
    func map(storedSize: UInt64) throws(TarFormatError) -> SparseMap {
        guard let numbers = numbers ?? (partCount == 0 ? [] : nil) else {
            throw TarFormatError("it is a sparse file without a map")
        }
        if let partCount, partCount != UInt64(numbers.count / 2) {
            throw TarFormatError("its sparse map has \(numbers.count / 2) parts, but \(partCount) are stated")
        }
        return try SparseMap(numbers, size: fileSize, storedSize: storedSize)
    }

    /// The size of the file in bytes.
    var fileSize: UInt64 {
        get throws(TarFormatError) {
            guard let size = size ?? realSize else { throw TarFormatError("it is a sparse file without a size") }
            return size
        }
    }
}

/// The sparse map in the header of a file of type `S` and in the blocks that follow it.
///
/// Source: GNU tar's manual, "Old GNU Format"; `struct oldgnu_header` and `struct sparse_header` in its tar.h.
struct OldSparseHeader {
    /// The number of parts in the header, and in each block after it.
    private static let (headerParts, blockParts) = (4, 21)
    private static let (mapOffset, headerFlag, blockFlag, fieldSize) = (386, 482, 504, 12)

    /// Offset and size of each part in turn.
    private(set) var numbers: [UInt64] = []
    /// The size of the file in bytes.
    let fileSize: UInt64
    /// Whether another block of the map follows.
    private(set) var continues: Bool

    init(_ header: UnsafeRawBufferPointer) throws(TarFormatError) {
        fileSize = try TarField(offset: 483, length: Self.fieldSize).number(in: header, "size")
        continues = header[Self.headerFlag] != 0
        try take(header, at: Self.mapOffset, parts: Self.headerParts)
    }

    /// Takes a block that continues the map.
    mutating func take(_ block: UnsafeRawBufferPointer) throws(TarFormatError) {
        continues = block[Self.blockFlag] != 0
        try take(block, at: 0, parts: Self.blockParts)
    }

    private mutating func take(
        _ block: UnsafeRawBufferPointer, at start: Int, parts: Int
    ) throws(TarFormatError) {
        for part in 0..<parts {
            let offset = TarField(offset: start + 2 * part * Self.fieldSize, length: Self.fieldSize)
            // An unused place is empty.
            guard block[offset.offset] != 0 else { return }
            let size = TarField(offset: offset.offset + Self.fieldSize, length: Self.fieldSize)
            numbers.append(try offset.number(in: block, "sparse map"))
            numbers.append(try size.number(in: block, "sparse map"))
        }
    }
}
