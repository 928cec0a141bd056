import Testing

@testable import ByteIO
@testable import Tar

/// The headers are those that skopeo 1.9, a program in Go, was seen to write.
@Suite("A tar as Go's archive/tar writes it")
struct GoDialectTests {
    private static let owner = TarOwner(userName: "", groupName: "", modified: 0)
    private static let name = "ebfb4ef19ae410f190327b5ebd312711263bc7579970e87d9c1e2d84e06b3c25.tar"

    private func header(_ size: UInt64, _ dialect: TarDialect = .go) throws -> [UInt8] {
        try Array(Self.name.utf8).withUnsafeBytes { path in
            try TarWriter.headerBytes(
                TarEntry(path: path, kind: .file, mode: 0o444, size: size), owner: Self.owner, dialect: dialect)
        }
    }

    /// A header's text at some place.
    private func text(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> String {
        String(decoding: bytes[offset..<offset + count], as: UTF8.self)
    }

    @Test("has zeros for the numbers of the device that a file is not")
    func devices() throws {
        let bytes = try header(10240)
        #expect(bytes.count == 512)
        #expect(text(bytes, 329, 16) == "0000000\u{0}0000000\u{0}")
        #expect(text(bytes, 265, 64) == String(repeating: "\u{0}", count: 64))
        #expect(text(try header(10240, .python), 329, 16) == String(repeating: "\u{0}", count: 16))
    }

    @Test("calls the records of a file of 8 GiB after it")
    func large() throws {
        let bytes = try header(8 << 30)
        #expect(bytes.count == 3 * 512)
        let records = "PaxHeaders.0/" + Self.name
        #expect(text(bytes, 0, 100) == records + String(repeating: "\u{0}", count: 100 - records.utf8.count))
        #expect(
            text(bytes, 100, 57) == "0000000\u{0}0000000\u{0}0000000\u{0}00000000023\u{0}00000000000\u{0}021525\u{0} x")
        #expect(text(bytes, 329, 16) == String(repeating: "\u{0}", count: 16))
        #expect(text(bytes, 512, 20) == "19 size=8589934592\n\u{0}")
        #expect(text(bytes, 1024, Self.name.utf8.count) == Self.name)
        #expect(
            text(bytes, 1124, 57) == "0000444\u{0}0000000\u{0}0000000\u{0}00000000000\u{0}00000000000\u{0}020502\u{0} 0"
        )
    }

    @Test("ends with two blocks of zeros, whatever comes before")
    func end() throws {
        for (dialect, size) in [(TarDialect.go, 1024), (.python, 10240)] {
            let sink = MemorySink()
            let tar = TarWriter(to: sink, owner: Self.owner, dialect: dialect)
            try tar.finish()
            #expect(sink.bytes == [UInt8](repeating: 0, count: size))
        }
    }
}
