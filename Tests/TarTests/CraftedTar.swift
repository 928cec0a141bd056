/// Tars put together block by block, right or wrong.
struct CraftedTar {
    private(set) var bytes: [UInt8] = []

    /// The fields of a header as they stand in it.
    struct Header {
        var name: [UInt8] = Array("file".utf8)
        var mode: [UInt8] = Array("0000644\0".utf8)
        var uid: [UInt8] = Array("0000000\0".utf8)
        var gid: [UInt8] = Array("0000000\0".utf8)
        var size: [UInt8] = Array("00000000000\0".utf8)
        var modified: [UInt8] = Array("00000000001\0".utf8)
        /// Nil: the right one.
        var checksum: [UInt8]?
        var type = UInt8(ascii: "0")
        var link: [UInt8] = []
        var magic: [UInt8] = Array("ustar\u{0}00".utf8)
        var major: [UInt8] = []
        var minor: [UInt8] = []
        var prefix: [UInt8] = []
    }

    mutating func add(_ header: Header, body: [UInt8] = []) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ field: [UInt8], _ offset: Int) {
            block.replaceSubrange(offset..<offset + field.count, with: field)
        }
        put(header.name, 0)
        put(header.mode, 100)
        put(header.uid, 108)
        put(header.gid, 116)
        put(header.size, 124)
        put(header.modified, 136)
        put(Array("        ".utf8), 148)
        put([header.type], 156)
        put(header.link, 157)
        put(header.magic, 257)
        put(header.major, 329)
        put(header.minor, 337)
        put(header.prefix, 345)
        let sum = block.reduce(0) { $0 + UInt64($1) }
        put(header.checksum ?? Self.octal(sum, 7) + [UInt8(ascii: " ")], 148)
        bytes += block
        addPadded(body)
    }

    /// An entry that extends the next one: PAX records, a GNU long name.
    mutating func extend(_ type: Character, _ body: [UInt8]) {
        add(
            Header(
                name: Array("././@PaxHeader".utf8), size: Self.octal(UInt64(body.count), 12),
                type: type.asciiValue ?? 0), body: body)
    }

    mutating func extend(_ type: Character, _ body: String) { extend(type, Array(body.utf8)) }

    /// PAX records with the right lengths.
    mutating func pax(_ records: [(String, String)], global: Bool = false) {
        extend(global ? "g" : "x", records.map { Self.record($0, $1) }.joined())
    }

    mutating func file(_ name: String, _ body: String) {
        add(
            Header(name: Array(name.utf8), size: Self.octal(UInt64(body.utf8.count), 12)), body: Array(body.utf8))
    }

    /// The two blocks of zeros.
    mutating func end() { bytes += [UInt8](repeating: 0, count: 1024) }

    mutating func append(_ more: [UInt8]) { bytes += more }

    private mutating func addPadded(_ body: [UInt8]) {
        bytes += body
        bytes += [UInt8](repeating: 0, count: (512 - body.count % 512) % 512)
    }

    static func record(_ key: String, _ value: String) -> String {
        var length = key.utf8.count + value.utf8.count + 3
        while "\(length) \(key)=\(value)\n".utf8.count != length { length = "\(length) \(key)=\(value)\n".utf8.count }
        return "\(length) \(key)=\(value)\n"
    }

    /// Octal digits and a NUL, `width` bytes in all.
    static func octal(_ value: UInt64, _ width: Int) -> [UInt8] {
        let digits = String(value, radix: 8)
        return Array((String(repeating: "0", count: width - 1 - digits.utf8.count) + digits).utf8) + [0]
    }

    /// A number to the base of 256.
    static func base256(_ value: UInt64, _ width: Int) -> [UInt8] {
        var field = [UInt8](repeating: 0, count: width)
        for index in 0..<8 { field[width - 1 - index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
        field[0] |= 0x80
        return field
    }
}
