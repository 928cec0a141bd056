import ByteIO
import Errors
import Tar
import TestSupport
import Testing

@Suite("Tar reader")
struct TarReaderTests {
    typealias Entry = PythonTar.Entry

    /// What a test looks at of an entry.
    struct Seen: Equatable {
        var path: [UInt8]
        var kind: TarKind
        var link: [UInt8] = []
        var body: [UInt8] = []
    }

    static func read(_ bytes: [UInt8], step: Int = .max) throws -> (members: [TarMember], bodies: [[UInt8]]) {
        let reader = TarReader(MemorySource(bytes, step: step), archive: "'t.tar'")
        var (members, bodies): ([TarMember], [[UInt8]]) = ([], [])
        while let member = try reader.next() {
            members.append(member)
            bodies.append(try reader.body(limit: 1 << 20))
        }
        return (members, bodies)
    }

    @Test(arguments: ["PAX", "GNU"], [1, 511, Int.max])
    func readsWhatPythonWrites(_ format: String, _ step: Int) throws {
        var entries: [Entry] = []
        for name in TarWriterTests.names {
            entries += [.file(name, Array("body".utf8)), .directory(name), .link(Array("l".utf8), to: name)]
            entries.append(Entry(path: Entry.hex(name), type: "1", link: Entry.hex(name)))
        }
        entries.append(Entry(path: Entry.hex(Array("null".utf8)), type: "3", mode: 0o666, major: 1, minor: 3))
        entries.append(Entry(path: Entry.hex(Array("pipe".utf8)), type: "6"))
        let archive = PythonTar.Archive(
            format: format, uid: 1 << 22, gid: 7, uname: "jürgen", gname: "gruppe", mtime: -5, entries: entries)
        let (members, bodies) = try Self.read(PythonTar.write(archive), step: step)
        #expect(members.count == entries.count)
        for (index, (entry, member)) in zip(entries, members).enumerated() {
            // Python puts a slash behind a directory's name.
            #expect(member.path == Entry.bytes(entry.path) + (entry.type == "5" ? Array("/".utf8) : []))
            #expect(String(UnicodeScalar(member.kind.rawValue)) == entry.type)
            #expect(member.linkTarget == Entry.bytes(entry.link))
            #expect(bodies[index] == [UInt8](entry.body))
            #expect(member.mode == entry.mode)
            #expect((member.deviceMajor, member.deviceMinor) == (entry.major, entry.minor))
            #expect((member.uid, member.gid) == (1 << 22, 7))
            #expect(member.userName == Array("jürgen".utf8))
            #expect(member.groupName == Array("gruppe".utf8))
            #expect(member.modified == TarTime(seconds: -5))
            #expect(member.number == index + 1)
        }
    }

    @Test("The ustar prefix is read")
    func readsThePrefixOfUSTAR() throws {
        let long = Array((String(repeating: "a", count: 90) + "/" + String(repeating: "b", count: 60)).utf8)
        let bytes = try PythonTar.write(
            .init(format: "USTAR", entries: [.file(long, [1]), .file([UInt8(ascii: "c")])]))
        let (members, bodies) = try Self.read(bytes)
        #expect(members.map(\.path) == [long, Array("c".utf8)])
        #expect(bodies == [[1], []])
    }

    @Test(arguments: [(1.5, 1, 500_000_000), (-1.25, -2, 750_000_000), (-3.0, -3, 0), (1e12, 1_000_000_000_000, 0)])
    func readsTimesWithFractions(_ time: Double, _ seconds: Int64, _ nanoseconds: UInt32) throws {
        let (members, _) = try Self.read(PythonTar.write(.init(mtime: time, entries: [.file(Array("f".utf8))])))
        #expect(members.first?.modified == TarTime(seconds: seconds, nanoseconds: nanoseconds))
    }

    @Test("The output of the tar writer is read")
    func readsWhatOurWriterWrites() throws {
        let sink = MemorySink()
        let writer = TarWriter(
            to: sink, owner: TarOwner(uid: 1000, gid: 100, userName: "u", groupName: "g", modified: 9))
        var random = SeededGenerator(seed: 3)
        let bodies = [0, 1, 512, 100_000].map { random.bytes($0) }
        for body in bodies {
            try Array("/nix/store/ü".utf8).withUnsafeBytes {
                try writer.header(TarEntry(path: $0, kind: .file, mode: 0o4755, size: UInt64(body.count)))
            }
            try writer.body(body)
        }
        try writer.finish()
        let reader = TarReader(MemorySource(sink.bytes, step: 1000), archive: "'t.tar'")
        for body in bodies {
            let next = try reader.next()
            let member = try #require(next)
            #expect(member.path == Array("/nix/store/ü".utf8))
            #expect((member.size, member.mode, member.uid, member.gid) == (UInt64(body.count), 0o4755, 1000, 100))
            #expect(try reader.body(limit: 100_000) == body)
            #expect(Array(sink.bytes[Int(member.bodyOffset)...].prefix(body.count)) == body)
        }
        #expect(try reader.next() == nil)
        #expect(reader.hasEndBlocks)
        #expect(try reader.finish() == 0)
    }

    @Test("Unread bodies are skipped")
    func passesOverBodiesThatAreNotRead() throws {
        var tar = CraftedTar()
        for index in 0..<5 { tar.file("\(index)", String(repeating: "x", count: index * 300)) }
        tar.end()
        let reader = TarReader(MemorySource(tar.bytes, step: 100), archive: "'t.tar'")
        var names: [String] = []
        while let member = try reader.next() {
            names.append(String(decoding: member.path, as: UTF8.self))
            if member.number == 3 { #expect(try reader.readSome(10) == Array(repeating: UInt8(ascii: "x"), count: 10)) }
        }
        #expect(names == ["0", "1", "2", "3", "4"])
        #expect(try reader.next() == nil)
    }

    @Test("An archive may end after an entry without end blocks")
    func takesAnEndWithoutBlocksAtAnEntrysBoundary() throws {
        var tar = CraftedTar()
        tar.file("a", "body")
        let reader = TarReader(MemorySource(tar.bytes), archive: "'t.tar'")
        #expect(try reader.next() != nil)
        #expect(try reader.next() == nil)
        #expect(!reader.hasEndBlocks)
        // One block of zeros and no more is no end either.
        tar.append([UInt8](repeating: 0, count: 512))
        let other = TarReader(MemorySource(tar.bytes), archive: "'t.tar'")
        #expect(try other.finish() == 0)
        #expect(!other.hasEndBlocks)
    }

    @Test("An archive may end right after a body, without padding", arguments: [1, 1 << 20])
    func takesAnEndWithoutPadding(step: Int) throws {
        var tar = CraftedTar()
        tar.file("a", "body")
        tar.file("b", String(repeating: "x", count: 600))
        let bytes = Array(tar.bytes.dropLast(1024 - 600))
        #expect(try Self.read(bytes, step: step).bodies.map(\.count) == [4, 600])
        let reader = TarReader(MemorySource(bytes, step: step), archive: "'t.tar'")
        #expect(try reader.finish() == 0)
        #expect(!reader.hasEndBlocks)
    }

    @Test("The prefix in a GNU header of Go before 1.8 is read, but not times in its place")
    func readsThePrefixOfOldGo() throws {
        let gnu = Array("ustar  \0".utf8)
        func path(_ prefix: [UInt8]) throws -> String {
            var tar = CraftedTar()
            tar.add(.init(name: Array("name".utf8), magic: gnu, prefix: prefix))
            return String(decoding: try Self.read(tar.bytes).members[0].path, as: UTF8.self)
        }
        let long = String(repeating: "d", count: 48) + "/" + String(repeating: "e", count: 48)
        #expect(try path(Array(long.utf8)) == long + "/name")
        #expect(try path(Array("usr/lib".utf8)) == "usr/lib/name")
        #expect(try path(Array("12345678901 1234567890 \0\0".utf8)) == "12345678901 1234567890 /name")
        // Times of the last access and change, in octal digits or to the base of 256, and none.
        #expect(try path([]) == "name")
        #expect(try path(CraftedTar.octal(0o14_000_000_000, 12) + CraftedTar.octal(0o14_000_000_001, 12)) == "name")
        #expect(try path(CraftedTar.base256(1 << 33, 12) + CraftedTar.base256(1 << 34, 12)) == "name")
        #expect(try path(Array(" 1234567 \0\0\0 1234567 \0\0\0".utf8)) == "name")
        // No name in UTF-8: old Go wrote ASCII only.
        #expect(try path(Array("grün/dir".utf8)) == "name")
    }

    @Test("Bytes after the end are counted")
    func countsWhatLiesBehindTheEnd() throws {
        var tar = CraftedTar()
        tar.end()
        tar.append([UInt8](repeating: 0, count: 700) + [1] + [UInt8](repeating: 0, count: 2000))
        let reader = TarReader(MemorySource(tar.bytes, step: 100), archive: "'t.tar'")
        #expect(try reader.finish() == 701)
        #expect(reader.hasEndBlocks)
    }

    @Test("An empty source has no entries")
    func readsAnEmptySource() throws {
        let reader = TarReader(MemorySource([]), archive: "'t.tar'")
        #expect(try reader.next() == nil)
        #expect(!reader.hasEndBlocks)
    }

    @Test("Numbers in base 256 are read")
    func takesNumbersToTheBaseOf256() throws {
        var tar = CraftedTar()
        tar.add(
            .init(
                uid: CraftedTar.base256(1 << 40, 8), gid: CraftedTar.base256(5, 8), size: CraftedTar.base256(3, 12),
                modified: CraftedTar.base256(1 << 50, 12)), body: [1, 2, 3])
        tar.end()
        let (members, bodies) = try Self.read(tar.bytes)
        #expect(members.map(\.uid) == [1 << 40])
        #expect(members.map(\.gid) == [5])
        #expect(members.map(\.modified.seconds) == [1 << 50])
        #expect(bodies == [[1, 2, 3]])
    }

    @Test("A global header applies to all following entries")
    func takesAGlobalHeaderForAllThatFollow() throws {
        var tar = CraftedTar()
        tar.pax([("comment", "0123456789abcdef"), ("uid", "5"), ("mtime", "7.5")], global: true)
        tar.file("a", "")
        tar.pax([("uid", "6"), ("uname", "")])
        tar.file("b", "")
        tar.end()
        let (members, _) = try Self.read(tar.bytes)
        #expect(members.map(\.uid) == [5, 6])
        #expect(members.map(\.number) == [1, 2])
        #expect(members.map(\.modified) == Array(repeating: TarTime(seconds: 7, nanoseconds: 500_000_000), count: 2))
    }

    @Test("A PAX size replaces a size that does not fit in the header")
    func takesAPAXSizeThatTheHeaderCannotHold() throws {
        var tar = CraftedTar()
        tar.pax([("size", "8589934592")])
        tar.add(.init())
        let reader = TarReader(MemorySource(tar.bytes), archive: "'t.tar'")
        #expect(try reader.next()?.size == 8_589_934_592)
        tar = CraftedTar()
        tar.pax([("size", "3")])
        tar.file("a", "abc")
        #expect(try Self.read(tar.bytes).bodies == [Array("abc".utf8)])
    }

    @Test("Formats before POSIX are read")
    func takesFormsFromBeforePOSIX() throws {
        var tar = CraftedTar()
        let none = [UInt8](repeating: 0, count: 8)
        tar.add(.init(name: Array("old/".utf8), type: 0, magic: none))
        tar.add(.init(name: Array("old/f".utf8), mode: Array("   644 \0".utf8), type: 0, magic: none))
        tar.add(.init(name: Array("contiguous".utf8), uid: [], type: UInt8(ascii: "7")))
        tar.end()
        let (members, _) = try Self.read(tar.bytes)
        #expect(members.map(\.kind) == [.directory, .file, .file])
        #expect(members.map(\.mode) == [0o644, 0o644, 0o644])
    }

    @Test("Names are not changed")
    func keepsNamesAsTheyAre() throws {
        var tar = CraftedTar()
        let names = ["../x", "/abs", "//x", "./x", "a//b", ".", "a/../../x"]
        for name in names { tar.file(name, "") }
        tar.end()
        #expect(try Self.read(tar.bytes).members.map { String(decoding: $0.path, as: UTF8.self) } == names)
    }

    @Test("A body larger than the limit is an error")
    func holdsABodyToItsLimit() throws {
        var tar = CraftedTar()
        tar.file("big", "12345")
        let reader = TarReader(MemorySource(tar.bytes), archive: "'t.tar'")
        _ = try reader.next()
        let failure = #expect(throws: ToolError.self) { try reader.body(limit: 4) }
        #expect(failure?.cause == "it has 5 bytes, more than the limit of 4")
    }
}

extension TarReader {
    fileprivate func readSome(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let taken = try bytes.withUnsafeMutableBytes { try read(into: $0) }
        return Array(bytes[..<taken])
    }
}
