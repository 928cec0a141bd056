import ByteIO
import Errors
import Tar
import TestSupport
import Testing

/// Archives that lie: each is refused with the entry and the reason.
@Suite("Malformed tar archives")
struct MalformedTarTests {
    /// A malformed archive, with what is said of it.
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]
        let cause: String

        init(_ name: String, _ cause: String, _ make: (inout CraftedTar) -> Void) {
            testDescription = name
            self.cause = cause
            var tar = CraftedTar()
            make(&tar)
            bytes = tar.bytes
        }
    }

    static let headers: [Case] = [
        Case("checksum", "the checksum of its header is 1, but its bytes sum up to ") {
            $0.add(.init(checksum: Array("000001\0 ".utf8)))
        },
        Case("no tar at all", "its checksum, 'aaaaaaaa', is not an octal number") {
            $0.append([UInt8](repeating: UInt8(ascii: "a"), count: 512))
        },
        Case("magic", "its magic is not that of a tar archive") { $0.add(.init(magic: Array("USTAR\u{0}00".utf8))) },
        Case("size that is not octal", "its size, '00000000008\u{FFFD}', is not an octal number") {
            $0.add(.init(size: Array("00000000008\0".utf8)))
        },
        Case("negative size", "its size, '-0000000001\u{FFFD}', is not an octal number") {
            $0.add(.init(size: Array("-0000000001\0".utf8)))
        },
        Case("digits behind a blank", "its uid, '0 000000', is not an octal number") {
            $0.add(.init(uid: Array("0 000000".utf8)))
        },
        Case("negative size to the base of 256", "its size is negative") {
            $0.add(.init(size: [UInt8](repeating: 0xFF, count: 12)))
        },
        Case("negative uid to the base of 256", "its uid is negative") {
            $0.add(.init(uid: [UInt8](repeating: 0xFF, count: 8)))
        },
        Case("size beyond 64 bits", "its size does not fit in 64 bits") {
            $0.add(.init(size: [0x80, 0, 0, 1] + [UInt8](repeating: 0, count: 8)))
        },
        Case("size beyond 63 bits", "its size does not fit in 64 bits") {
            $0.add(.init(size: CraftedTar.base256(1 << 63, 12)))
        },
        Case("device number", "its device's major number does not fit in 32 bits") {
            $0.add(.init(type: UInt8(ascii: "3"), major: CraftedTar.base256(1 << 32, 8)))
        },
        Case("directory with a body", "it is not a file but has a size of 5 bytes") {
            $0.add(.init(size: CraftedTar.octal(5, 12), type: UInt8(ascii: "5")), body: [1, 2, 3, 4, 5])
        },
        Case("link with a body", "it is not a file but has a size of 1 bytes") {
            $0.add(.init(size: CraftedTar.octal(1, 12), type: UInt8(ascii: "1")), body: [1])
        },
        Case("unknown type", "its type, 'Q', is unknown") { $0.add(.init(type: UInt8(ascii: "Q"))) },
        Case("type that is a control", "its type, '\u{FFFD}', is unknown") { $0.add(.init(type: 0x1B)) },
    ]

    static let extensions: [Case] = [
        Case("PAX size smaller", "its size is 1 bytes in its PAX header and 5 bytes in its own header") { tar in
            tar.pax([("size", "1")])
            tar.file("f", "12345")
        },
        Case("PAX size larger", "its size is 1024 bytes in its PAX header and 0 bytes in its own header") { tar in
            tar.pax([("size", "1024")])
            tar.file("f", "")
        },
        Case("PAX size of a directory", "it is not a file but has a size of 8589934592 bytes") { tar in
            tar.pax([("size", "8589934592")])
            tar.add(.init(type: UInt8(ascii: "5")))
        },
        Case("PAX size negative", "the record 'size' of its extended header, '-1', is not a number") { tar in
            tar.pax([("size", "-1")])
        },
        Case(
            "PAX size beyond 64 bits",
            "the record 'size' of its extended header, '18446744073709551616', is not a number"
        ) {
            $0.pax([("size", "18446744073709551616")])
        },
        Case(
            "PAX size beyond 63 bits",
            "the record 'size' of its extended header, '9223372036854775808', is not a number"
        ) {
            $0.pax([("size", "9223372036854775808")])
        },
        Case("PAX uid", "the record 'uid' of its extended header, '0x1', is not a number") { $0.pax([("uid", "0x1")]) },
        Case("PAX time", "the record 'mtime' of its extended header, '1.5e3', is not a number") {
            $0.pax([("mtime", "1.5e3")])
        },
        Case("PAX time without digits", "the record 'mtime' of its extended header, '-', is not a number") {
            $0.pax([("mtime", "-")])
        },
        Case("PAX key twice", "its extended header has the record 'path' twice") {
            $0.pax([("path", "a"), ("path", "b")])
        },
        Case("PAX path empty", "the record 'path' of its extended header is empty") { $0.pax([("path", "")]) },
        Case("PAX path with a NUL", "the record 'path' of its extended header contains a NUL") {
            $0.pax([("path", "a\u{0}b")])
        },
        Case("PAX link with a NUL", "the record 'linkpath' of its extended header contains a NUL") {
            $0.pax([("linkpath", "a\u{0}")])
        },
        Case("PAX length missing", "a record of its extended header has a wrong length") { $0.extend("x", "path=a\n") },
        Case("PAX length 0", "a record of its extended header has a wrong length") { $0.extend("x", "0 path=a\n") },
        Case("PAX length of itself", "a record of its extended header has a wrong length") { $0.extend("x", "2 ") },
        Case("PAX length too long", "a record of its extended header has a wrong length") {
            $0.extend("x", "99 path=a\n")
        },
        Case("PAX length too short", "a record of its extended header does not end where its length says") {
            $0.extend("x", "8 path=a\n")
        },
        Case("PAX length beyond 64 bits", "a record of its extended header has a wrong length") {
            $0.extend("x", "99999999999999999999999 path=a\n")
        },
        Case("PAX without equals", "a record of its extended header has no key") { $0.extend("x", "7 path\n") },
        Case("PAX without key", "a record of its extended header has no key") { $0.extend("x", "5 =a\n") },
        Case("PAX with bytes behind", "a record of its extended header has a wrong length") {
            $0.extend("x", "10 path=a\n\0\0\0")
        },
        Case("PAX headers twice", "it has two PAX headers") { tar in
            tar.pax([("path", "a")])
            tar.pax([("uid", "1")])
        },
        Case("PAX header too large", "a header that extends it has 1048577 bytes, more than the limit of 1048576") {
            $0.extend("x", [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20 + 1))
        },
        Case(
            "global header with a name", "a global header before it sets a name, a size or an attribute for all entries"
        ) {
            $0.pax([("path", "a")], global: true)
        },
        Case("global header in between", "a global header is between it and the headers that extend it") { tar in
            tar.pax([("path", "a")])
            tar.pax([("uid", "1")], global: true)
        },
        Case("GNU name twice", "it has two GNU long names") { tar in
            tar.extend("L", "a\0")
            tar.extend("L", "b\0")
        },
        Case("GNU link twice", "it has two GNU long link names") { tar in
            tar.extend("K", "a\0")
            tar.extend("K", "b\0")
        },
        Case("GNU name empty", "its GNU long name is empty") { $0.extend("L", "\0") },
        Case("GNU name with a NUL", "its GNU long name contains a NUL") { $0.extend("L", "a\0b\0") },
        Case("GNU name too long", "a header that extends it has 65537 bytes, more than the limit of 65536") {
            $0.extend("L", [UInt8](repeating: UInt8(ascii: "n"), count: 65537))
        },
        Case("PAX and GNU name", "it has a PAX name and a GNU long name") { tar in
            tar.extend("L", "a\0")
            tar.pax([("path", "b")])
            tar.file("f", "")
        },
    ]

    static let ends: [Case] = [
        Case("end behind an extension", "the archive ends within its header") { $0.pax([("path", "a")]) },
        Case("end blocks behind an extension", "the archive ends after the headers that extend it") { tar in
            tar.pax([("path", "a")])
            tar.end()
        },
        Case("one block of zeros", "a block of zeros is in its place, and more data follows") { tar in
            tar.append([UInt8](repeating: 0, count: 512))
            tar.file("f", "")
        },
        Case("part of a header", "the archive ends within its header") { $0.append(Array("file".utf8)) },
        Case("size larger than the archive", "the archive ends within its body") {
            $0.add(.init(size: CraftedTar.octal(8_589_934_591, 12)), body: [1, 2, 3])
        },
        Case("size of 2^63 - 1", "the archive ends within its body") {
            $0.add(.init(size: CraftedTar.base256(UInt64(Int64.max), 12)), body: [1, 2, 3])
        },
    ]

    @Test(arguments: headers + extensions + ends, [1, Int.max])
    func isRefused(_ malformed: Case, _ step: Int) throws {
        // A sound entry before it, so that the number of the entry counts.
        var tar = CraftedTar()
        tar.file("sound", "body")
        tar.append(malformed.bytes)
        let reader = TarReader(MemorySource(tar.bytes, step: step), archive: "'t.tar'")
        _ = try reader.next()
        let failure = try #require(
            #expect(throws: ToolError.self) { while try reader.next() != nil {} }, "it was read to its end")
        #expect(failure.code == .data)
        #expect(failure.message.hasPrefix("cannot read 't.tar', entry 2"))
        #expect(failure.cause.hasPrefix(malformed.cause), "\(failure.cause)")
    }

    @Test("The error for a truncated body names the entry")
    func namesTheEntryWhoseBodyIsTruncated() throws {
        var tar = CraftedTar()
        tar.file("a\u{1B}[31m", String(repeating: "x", count: 600))
        for count in [513, 1000, 1111, 1113, 1535] {
            let reader = TarReader(MemorySource(Array(tar.bytes[..<count])), archive: "'t.tar'")
            let failure = #expect(throws: ToolError.self) {
                while try reader.next() != nil { _ = try reader.body(limit: 1000) }
            }
            #expect(failure?.message == "cannot read 't.tar', entry 1 'a\u{FFFD}[31m'")
            #expect(failure?.cause == "the archive ends within its body")
        }
    }

    @Test("The bytes after the end are limited")
    func readsNoEndlessTrailer() throws {
        let reader = TarReader(EndlessZeros(), archive: "'t.tar'")
        let failure = #expect(throws: ToolError.self) { try reader.finish() }
        #expect(failure?.cause == "more than the limit of 16777216 bytes follow its end")
    }

    /// Whatever bytes are changed, the reader comes to an end or to a failure.
    @Test("An archive with changed bytes is read or is a data error")
    func endsOnDamage() throws {
        var random = SeededGenerator(seed: 99)
        let sound =
            try PythonTar.write(
                .init(format: "GNU", entries: TarWriterTests.names.map { .link($0, to: $0) }))
            + PythonTar.write(.init(entries: TarWriterTests.names.map { .file($0, $0) }))
        for _ in 0..<100 {
            var damaged = sound
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = .random(in: .min ... .max, using: &random)
            }
            let cut = damaged.prefix(Int.random(in: 0...damaged.count, using: &random))
            let reader = TarReader(MemorySource(Array(cut)), archive: "'t.tar'")
            do {
                while try reader.next() != nil {}
            } catch let failure as ToolError {
                #expect(failure.code == .data)
            }
        }
    }
}

/// Zeros for ever.
private final class EndlessZeros: ByteSource {
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        return buffer.count
    }
}
