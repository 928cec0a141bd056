import TestSupport
import Testing

@testable import ByteIO
@testable import Tar

@Suite("Long names in GNU's form")
struct LongNamesTests {
    private func header(_ path: String, kind: TarKind, target: [UInt8] = [], xattrs: [TarXattr] = []) throws -> [UInt8]
    {
        let sink = MemorySink()
        let tar = TarWriter(to: sink, owner: TarOwner(), dialect: .gnuNames)
        try Array(path.utf8).withUnsafeBytes { path in
            try target.withUnsafeBytes { target in
                try tar.header(TarEntry(path: path, kind: kind, mode: 0o777, linkTarget: target, xattrs: xattrs))
            }
        }
        try tar.finish()
        return sink.bytes
    }

    @Test("are entries of their own before the entry, the link's first, as GNU tar and Python read them")
    func long() throws {
        let (name, target) = (String(repeating: "ü", count: 51), "./" + String(repeating: "t", count: 600))
        let bytes = try header(name, kind: .symbolicLink, target: Array(target.utf8))
        // Link: header and two blocks; name: header and one; the entry.
        #expect([0, 3, 5].map { bytes[$0 * 512 + 156] } == Array("KL2".utf8))
        #expect(String(decoding: bytes[..<13], as: UTF8.self) == "././@LongLink")
        #expect(String(decoding: bytes[124..<135], as: UTF8.self) == "00000001133")
        #expect(Array(bytes[512..<512 + 603]) == Array(target.utf8) + [0])
        let script = """
            import io, sys, tarfile
            tar = tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()))
            print([(m.name, m.linkname) for m in tar])
            """
        #expect(
            String(decoding: try Program.python(script, input: bytes), as: UTF8.self) == "[('\(name)', '\(target)')]\n")
        let listed = try Program.output(["tar", "--quoting-style=literal", "-tvf", "-"], input: bytes)
        #expect(String(decoding: listed, as: UTF8.self).hasSuffix(" \(name) -> \(target)\n"))
    }

    @Test("are in the header as they are where they fit, whatever their bytes", arguments: [1, 99, 100])
    func fitting(count: Int) throws {
        let target = [UInt8](repeating: 0xFF, count: count)
        let name = String(repeating: "n", count: count)
        let bytes = try header(name, kind: .symbolicLink, target: target)
        #expect(bytes[156] == TarKind.symbolicLink.rawValue)
        #expect(Array(bytes[..<count]) == Array(name.utf8))
        #expect(Array(bytes[157..<157 + count]) == target)
        #expect(bytes[157 + count] == 0 || count == 100)
    }

    @Test("stand before the PAX records of the rest")
    func records() throws {
        let xattr = TarXattr(name: Array("user.a".utf8), value: [0, 0xFF])
        let bytes = try header(String(repeating: "n", count: 101), kind: .file, xattrs: [xattr])
        #expect([0, 2, 4].map { bytes[$0 * 512 + 156] } == Array("Lx0".utf8))
        let reader = TarReader(MemorySource(bytes), archive: "the tar")
        let member = try #require(try reader.next())
        #expect(member.path == Array(repeating: UInt8(ascii: "n"), count: 101))
        #expect(member.xattrs == [xattr])
    }
}
