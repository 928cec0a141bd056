import ByteIO
import Foundation
import Tar
import TestSupport
import Testing

/// Our tars against those of Python's tarfile, byte for byte.
@Suite("Tar writer")
struct TarWriterTests {
    typealias Entry = PythonTar.Entry

    /// Names at the edges of what a header holds, ASCII, UTF-8, and neither.
    static let names: [[UInt8]] =
        [1, 98, 99, 100, 101, 155, 256, 1000].map { [UInt8](repeating: UInt8(ascii: "n"), count: $0) }
        + ["/nix/store/ü", "日本語/x", "😀", "a b", "with\nnewline", "=key", "\u{7F}"].map { Array($0.utf8) }
        + [
            [0xFF], Array("a/".utf8) + [0x80] + Array("/b".utf8), [0xED, 0xA0, 0x80], [0xC0, 0xAF],
            [0xE2, 0x82], [0xF4, 0x90, 0x80, 0x80],
            [UInt8](repeating: UInt8(ascii: "n"), count: 99) + [0xC3, 0xBC],
            [UInt8](repeating: UInt8(ascii: "n"), count: 99) + [0xC3],
        ]
        // The length of a record counts its own digits: names where one more digit makes one more.
        + (84...91).map { [UInt8](repeating: UInt8(ascii: "d"), count: $0) + [0xC3, 0xBC] }

    @Test("Names of files are written as in Python")
    func namesOfFiles() throws { try compare(Self.names.map { .file($0, [1, 2, 3]) }) }

    @Test("Names of directories are written as in Python")
    func namesOfDirectories() throws { try compare(Self.names.map { .directory($0) }) }

    @Test("Targets of symbolic links are written as in Python")
    func targetsOfLinks() throws {
        try compare(Self.names.map { .link(Array("link".utf8), to: $0) })
        try compare(Self.names.map { .link($0, to: $0) })
    }

    @Test("Targets of hard links are written as in Python")
    func targetsOfHardLinks() throws {
        try compare(Self.names.map { Entry(path: Entry.hex(Array("h".utf8)), type: "1", link: Entry.hex($0)) })
    }

    @Test("Bodies around the size of a block and a buffer are written as in Python")
    func bodiesAroundABlockAndABuffer() throws {
        var random = SeededGenerator(seed: 7)
        for size in [0, 1, 511, 512, 513, 10239, 10240, 65535, 65536, 262143, 262144, 300_001] {
            try compare([.file(Array("f".utf8), random.bytes(size)), .file(Array("g".utf8))])
        }
    }

    @Test("Archives around the size of a record are written as in Python")
    func archivesAroundARecord() throws {
        for count in 0...22 { try compare((0..<count).map { .file(Array("\($0)".utf8)) }) }
    }

    @Test("Modes are written as in Python")
    func modes() throws {
        let modes: [UInt16] = [0, 0o1, 0o777, 0o1777, 0o2755, 0o4755, 0o7777]
        try compare(modes.map { Entry(path: Entry.hex(Array("m".utf8)), mode: $0) })
    }

    @Test("Devices and FIFOs are written as in Python")
    func devicesAndFIFOs() throws {
        var entries: [Entry] = []
        for (type, major, minor) in [("3", 1, 3), ("4", 8, 0), ("3", 2_097_151, 2_097_151), ("6", 0, 0)] {
            entries.append(
                Entry(path: Entry.hex(Array("dev".utf8)), type: type, major: UInt32(major), minor: UInt32(minor)))
        }
        try compare(entries)
    }

    static let largeID: [UInt64] = [0, 1, 1000, 2_097_151, 2_097_152, 4_294_967_294]

    @Test("Owners are written as in Python", arguments: largeID)
    func owners(_ id: UInt64) throws {
        try compare([.file(Array("f".utf8))], TarOwner(uid: id, gid: 1))
        try compare([.file(Array("f".utf8))], TarOwner(uid: 1, gid: id))
    }

    @Test(arguments: [
        "", "nobody", String(repeating: "u", count: 31), String(repeating: "u", count: 32),
        String(repeating: "u", count: 33), "jürgen", "日本", String(repeating: "ü", count: 40),
    ])
    func ownerNames(_ name: String) throws {
        try compare([.file(Array("f".utf8))], TarOwner(userName: name))
        try compare([.link(Array("ü".utf8), to: [0xFF])], TarOwner(uid: 1 << 22, userName: "x", groupName: name))
    }

    @Test(arguments: [0, 1, -1, -62_135_596_800, 8_589_934_591, 8_589_934_592, 253_402_300_799])
    func times(_ seconds: Int64) throws {
        try compare([.file(Array("f".utf8)), .directory(Array("ü".utf8))], TarOwner(modified: seconds))
    }

    @Test("Sizes that do not fit in a header are written as in Python")
    func sizesThatAHeaderCannotHold() throws {
        let sizes: [UInt64] = [0, 8_589_934_591, 8_589_934_592, 1 << 40, UInt64(Int64.max)]
        let entries = sizes.map { Entry(path: Entry.hex(Array("big".utf8)), size: $0) }
        let sink = MemorySink()
        let writer = TarWriter(to: sink, owner: TarOwner())
        for entry in entries { try Self.header(entry, to: writer) }
        try writer.flush()
        #expect(sink.bytes == (try PythonTar.write(.init(headersOnly: true, entries: entries))))
    }

    @Test("A counting sink gets the same size as a written archive")
    func countsWithoutWriting() throws {
        let sink = MemorySink()
        let (real, dry) = (TarWriter(to: sink, owner: TarOwner()), TarWriter(to: NullSink(), owner: TarOwner()))
        for size in [0, 1, 512, 70_000] {
            let entry = Entry.file(Array("ü".utf8), [UInt8](repeating: 9, count: size))
            try Self.header(entry, to: real)
            try real.body([UInt8](entry.body))
            try Self.header(entry, to: dry)
            try dry.leaveOut(UInt64(size))
            #expect(real.position == dry.position)
        }
        try real.finish()
        try dry.finish()
        #expect(real.position == dry.position)
        #expect(sink.bytes.count == Int(real.position))
    }

    private func compare(
        _ entries: [Entry], _ owner: TarOwner = TarOwner(), sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let sink = MemorySink()
        let writer = TarWriter(to: sink, owner: owner)
        for entry in entries {
            try Self.header(entry, to: writer)
            try writer.body([UInt8](entry.body))
        }
        try writer.finish()
        let theirs = try PythonTar.write(
            .init(
                uid: owner.uid, gid: owner.gid, uname: owner.userName, gname: owner.groupName,
                mtime: Double(owner.modified), entries: entries))
        let difference = zip(sink.bytes, theirs).enumerated().first { $1.0 != $1.1 }?.offset
        #expect(difference == nil, "the first byte that differs", sourceLocation: sourceLocation)
        #expect(sink.bytes.count == theirs.count, sourceLocation: sourceLocation)
    }

    private static func header(_ entry: Entry, to writer: TarWriter) throws {
        let kind = try #require(UInt8(entry.type).flatMap { TarKind(rawValue: $0 + UInt8(ascii: "0")) })
        let body = [UInt8](entry.body)
        var path = Entry.bytes(entry.path)
        if kind == .directory { path.append(UInt8(ascii: "/")) }
        try path.withUnsafeBytes { path in
            try Entry.bytes(entry.link).withUnsafeBytes { link in
                try writer.header(
                    TarEntry(
                        path: path, kind: kind, mode: entry.mode, size: entry.size ?? UInt64(body.count),
                        linkTarget: link, device: (entry.major, entry.minor)))
            }
        }
    }
}
