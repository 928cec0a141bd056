/// The fields of a ustar header: where each lies in the 512 bytes, and how many it has.
///
/// Source: POSIX.1-1988 `ustar`, as laid out in Python's `tarfile._create_header`.
struct TarField {
    let offset: Int
    let length: Int

    static let name = TarField(offset: 0, length: 100)
    static let mode = TarField(offset: 100, length: 8)
    static let uid = TarField(offset: 108, length: 8)
    static let gid = TarField(offset: 116, length: 8)
    static let size = TarField(offset: 124, length: 12)
    static let modified = TarField(offset: 136, length: 12)
    static let checksum = TarField(offset: 148, length: 8)
    static let kind = TarField(offset: 156, length: 1)
    static let linkName = TarField(offset: 157, length: 100)
    static let magic = TarField(offset: 257, length: 8)
    static let userName = TarField(offset: 265, length: 32)
    static let groupName = TarField(offset: 297, length: 32)
    static let deviceMajor = TarField(offset: 329, length: 8)
    static let deviceMinor = TarField(offset: 337, length: 8)
    static let prefix = TarField(offset: 345, length: 155)

    /// The first value that the field's octal digits cannot hold.
    var overflow: UInt64 { 1 << UInt64(3 * (length - 1)) }

    /// Writes a number as octal digits with a NUL behind them. The caller has seen to it that it fits.
    func put(_ value: UInt64, into header: UnsafeMutableRawPointer) {
        var rest = value
        for position in stride(from: offset + length - 2, through: offset, by: -1) {
            header.storeBytes(
                of: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest & 7), toByteOffset: position, as: UInt8.self)
            rest >>= 3
        }
    }

    /// Writes text cut to the field, one `?` for each code point that is not ASCII and each byte that is not UTF-8.
    func put(_ text: TarText, into header: UnsafeMutableRawPointer) {
        if text.isASCII {
            put(text.bytes, into: header)
        } else {
            let replaced = text.asciiReplaced(limit: length)
            replaced.withUnsafeBytes { put(TarText($0), into: header) }
        }
    }

    /// Writes bytes as they are, cut to the field.
    func put(_ bytes: UnsafeRawBufferPointer, into header: UnsafeMutableRawPointer) {
        let count = min(bytes.count, length)
        guard count > 0, let source = bytes.baseAddress else { return }
        (header + offset).copyMemory(from: source, byteCount: count)
    }
}
