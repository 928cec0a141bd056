import TestSupport
import Testing

@testable import ByteIO
@testable import Tar

/// Entries with owners, times and extended attributes of their own.
@Suite("Attributes of tar entries")
struct TarAttributesTests {
    private static let attributes = TarAttributes(
        uid: 3_000_000_000, gid: 7, userName: Array("jürgen".utf8), groupName: Array("staff".utf8),
        modified: TarTime(seconds: -2, nanoseconds: 250_000_000))
    private static let xattrs = [
        TarXattr(name: Array("security.capability".utf8), value: [1, 0, 0, 2, 0, 0x0A, 0xFF]),
        TarXattr(name: Array("user.empty".utf8), value: []),
    ]

    private func tar(_ attributes: TarAttributes?, _ xattrs: [TarXattr]) throws -> [UInt8] {
        let sink = MemorySink()
        let writer = TarWriter(to: sink, owner: TarOwner(modified: 77))
        for entry in [attributes, nil] {
            try Array("f".utf8).withUnsafeBytes {
                try writer.header(TarEntry(path: $0, kind: .file, mode: 0o644, attributes: entry, xattrs: xattrs))
            }
        }
        try writer.finish()
        return sink.bytes
    }

    @Test("Attributes are read as they were written")
    func readBackAsTheyWereWritten() throws {
        let reader = TarReader(MemorySource(try tar(Self.attributes, Self.xattrs)), archive: "'t.tar'")
        let first = try #require(try reader.next())
        #expect(first.uid == 3_000_000_000)
        #expect(first.gid == 7)
        #expect(first.userName == Array("jürgen".utf8))
        #expect(first.groupName == Array("staff".utf8))
        #expect(first.modified == TarTime(seconds: -2, nanoseconds: 250_000_000))
        #expect(first.xattrs == Self.xattrs)
        let second = try #require(try reader.next())
        #expect(second.userName == Array("root".utf8))
        #expect(second.modified == TarTime(seconds: 77))
        #expect(second.xattrs == Self.xattrs)
    }

    @Test("Python reads the attributes")
    func pythonReadsThem() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(try tar(Self.attributes, Self.xattrs), to: "t.tar")
        let script = """
            import sys, tarfile
            for m in tarfile.open(sys.argv[1], errors="surrogateescape"):
                print(m.uid, m.gid, m.uname, m.gname, m.mtime, ascii(m.pax_headers.get("SCHILY.xattr.user.empty")))
            """
        let result = try Program.run(["python3", "-c", script, path], environment: ["PYTHONUTF8": "1"])
        #expect(result.text == "3000000000 7 jürgen staff -1.75 ''\n0 0 root root 77 ''\n")
    }

    @Test(
        "times have as many digits as they need",
        arguments: [
            (TarTime(seconds: 0), "0"), (TarTime(seconds: 5, nanoseconds: 1), "5.000000001"),
            (TarTime(seconds: 1_700_000_000, nanoseconds: 120_000_000), "1700000000.12"),
            (TarTime(seconds: -1), "-1"), (TarTime(seconds: -1, nanoseconds: 500_000_000), "-0.5"),
            (TarTime(seconds: -3, nanoseconds: 999_999_999), "-2.000000001"),
        ])
    func decimals(time: TarTime, text: String) { #expect(time.decimal == text) }
}
