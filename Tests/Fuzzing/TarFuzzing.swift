import ByteIO
import Tar

/// Fuzzes the readers of tars.
enum TarFuzzing {
    private static let block = 512

    /// The maximum size of a sparse file in bytes, for which the fuzzer has time.
    static let sparseLimit: UInt64 = 1 << 22

    /// The bytes with a correct checksum in each block that may be a header: one with the magic, or, as the pre-POSIX
    /// format has none, with a checksum field. Otherwise the fuzzer would find only wrong checksums.
    static func withChecksums(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var tar = Array(bytes)
        for start in stride(from: 0, through: tar.count - block, by: block) {
            let magic = tar[start + 257..<start + 262]
            let isHeader = magic.elementsEqual("ustar".utf8) || tar[start + 154] == 0 && tar[start + 155] == 0x20
            if isHeader { putChecksum(&tar, start) }
        }
        return tar
    }

    /// The bytes as an extended header of a file, or, depending on their number, as a global one; the file has a body if
    /// the last byte says so.
    static func behindHeader(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let isGlobal = bytes.count % 8 == 7
        var tar = header("././@PaxHeader", isGlobal ? "g" : "x", size: bytes.count)
        tar += padded(Array(bytes))
        let size = bytes.last == 0x0A ? 0 : 3
        tar += header("file", "0", size: size)
        tar += [UInt8](repeating: 1, count: size == 0 ? 0 : block)
        return tar
    }

    /// An entry of a file with header and padding.
    static func member(_ name: String, _ body: [UInt8]) -> [UInt8] {
        header(name, "0", size: body.count) + padded(body)
    }

    /// Reads a tar twice, with the bodies and without them. Both must see the same entries.
    static func read(_ tar: [UInt8]) throws {
        try tar.withUnsafeBytes { bytes in
            let read = Result { try members(bytes, readsBodies: true) }
            let passed = Result { try members(bytes, readsBodies: false) }
            switch (read, passed) {
            case (.success(let one), .success(let other)) where one == other: break
            case (.failure, .failure): _ = try read.get()
            default: throw Find("bodies that are read lead to another end than bodies that are passed over")
            }
        }
    }

    private static func members(_ tar: UnsafeRawBufferPointer, readsBodies: Bool) throws -> [TarMember] {
        let reader = TarReader(BufferSource(tar, step: 1000), archive: "it")
        var members: [TarMember] = []
        while let member = try reader.next() {
            members.append(member)
            _ = TerminalText.printable(member.path)
            // A sparse map of some bytes describes a file of any size.
            guard readsBodies, member.size <= sparseLimit else { continue }
            guard try BodySource.drain(reader) == member.size else { throw Find("a body is not as long as it says") }
        }
        _ = try reader.finish()
        return members
    }

    private static func padded(_ body: [UInt8]) -> [UInt8] {
        body + [UInt8](repeating: 0, count: (block - body.count % block) % block)
    }

    private static func header(_ name: String, _ type: Character, size: Int) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: block)
        put(name, &header, 0)
        put("0000644", &header, 100)
        put(octal(size, 11), &header, 124)
        put(String(type), &header, 156)
        put("ustar\u{0}00", &header, 257)
        putChecksum(&header, 0)
        return header
    }

    private static func putChecksum(_ tar: inout [UInt8], _ start: Int) {
        put("        ", &tar, start + 148)
        let sum = tar[start..<start + block].reduce(0) { $0 + Int($1) }
        put(octal(sum, 6) + "\u{0}", &tar, start + 148)
    }

    private static func octal(_ number: Int, _ digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }

    private static func put(_ text: String, _ header: inout [UInt8], _ offset: Int) {
        header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
    }
}

/// The body of the current entry of a tar reader.
private final class BodySource: ByteSource {
    private let reader: TarReader

    private init(_ reader: TarReader) {
        self.reader = reader
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try reader.read(into: buffer) }

    static func drain(_ reader: TarReader) throws -> UInt64 {
        try BufferSource.drain(BodySource(reader), step: 700)
    }
}
