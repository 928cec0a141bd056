import ByteIO
import Errors
import Foundation
import TestSupport
import Testing

@testable import Tar

@Suite("Sparse files in tar archives")
struct SparseFileTests {
    /// A sparse file in one of the formats, as GNU tar writes it.
    enum Format: String, CaseIterable, Sendable {
        case old, pax00, pax01, pax10

        /// The bytes of an archive with the file `dir/f`, and a file after it.
        ///
        /// - Parameters:
        ///   - parts: offset and size of each part.
        ///   - data: the stored bytes of all parts.
        func archive(_ parts: [(UInt64, UInt64)], size: UInt64, data: [UInt8]) -> [UInt8] {
            var tar = CraftedTar()
            switch self {
            case .old: tar.append(Self.oldHeader(parts, size: size, data: data))
            case .pax00:
                tar.pax(
                    [("GNU.sparse.size", "\(size)"), ("GNU.sparse.numblocks", "\(parts.count)")]
                        + parts.flatMap { [("GNU.sparse.offset", "\($0.0)"), ("GNU.sparse.numbytes", "\($0.1)")] })
                tar.add(Self.header("dir/f", data.count), body: data)
            case .pax01:
                tar.pax([
                    ("GNU.sparse.size", "\(size)"), ("GNU.sparse.numblocks", "\(parts.count)"),
                    ("GNU.sparse.name", "dir/f"),
                    ("GNU.sparse.map", parts.map { "\($0.0),\($0.1)" }.joined(separator: ",")),
                ])
                tar.add(Self.header("dir/GNUSparseFile.1/f", data.count), body: data)
            case .pax10:
                tar.pax([
                    ("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "dir/f"),
                    ("GNU.sparse.realsize", "\(size)"),
                ])
                var map = Array(("\(parts.count)\n" + parts.map { "\($0.0)\n\($0.1)\n" }.joined()).utf8)
                map += [UInt8](repeating: 0, count: (512 - map.count % 512) % 512)
                tar.add(Self.header("dir/GNUSparseFile.1/f", map.count + data.count), body: map + data)
            }
            tar.file("next", "body")
            tar.end()
            return tar.bytes
        }

        private static func header(_ name: String, _ size: Int) -> CraftedTar.Header {
            CraftedTar.Header(name: Array(name.utf8), size: CraftedTar.octal(UInt64(size), 12))
        }

        /// The header of type `S` with four parts, and the blocks with 21 parts each that continue it.
        private static func oldHeader(_ parts: [(UInt64, UInt64)], size: UInt64, data: [UInt8]) -> [UInt8] {
            func fields(_ parts: some Collection<(UInt64, UInt64)>, _ count: Int) -> [UInt8] {
                let used = parts.flatMap { CraftedTar.octal($0.0, 12) + CraftedTar.octal($0.1, 12) }
                return used + [UInt8](repeating: 0, count: 24 * count - used.count)
            }
            var header = header("dir/f", data.count)
            (header.type, header.magic) = (UInt8(ascii: "S"), Array("ustar  \0".utf8))
            var rest = parts.dropFirst(4)
            // Behind the places of the times, the offset and the name: the map, the flag and the size.
            header.prefix =
                [UInt8](repeating: 0, count: 41) + fields(parts.prefix(4), 4) + [rest.isEmpty ? 0 : 1]
                + CraftedTar.octal(size, 12)
            var tar = CraftedTar()
            tar.add(header)
            while !rest.isEmpty {
                let block = fields(rest.prefix(21), 21)
                rest = rest.dropFirst(21)
                tar.append(block + [rest.isEmpty ? 0 : 1] + [UInt8](repeating: 0, count: 7))
            }
            tar.append(data + [UInt8](repeating: 0, count: (512 - data.count % 512) % 512))
            return tar.bytes
        }
    }

    /// The file that a map describes.
    private static func expanded(_ parts: [(UInt64, UInt64)], size: UInt64, data: [UInt8]) -> [UInt8] {
        var (file, rest) = ([UInt8](repeating: 0, count: Int(size)), data[...])
        for (offset, count) in parts {
            file.replaceSubrange(Int(offset)..<Int(offset + count), with: rest.prefix(Int(count)))
            rest = rest.dropFirst(Int(count))
        }
        return file
    }

    @Test("are read as whole files", arguments: Format.allCases, [1, 700, Int.max])
    func wholeFiles(format: Format, step: Int) throws {
        let maps: [([(UInt64, UInt64)], UInt64)] = [
            ([(1000, 512), (3000, 100)], 5000), ([(0, 3), (1 << 16, 0)], 1 << 16), ([(70_000, 0)], 70_000), ([], 5),
            ((0..<60).map { (1024 * $0 + 7, 20) }, 61_440), ([(0, 1024)], 1024),
        ]
        for (parts, size) in maps {
            let data = (0..<parts.reduce(0) { $0 + Int($1.1) }).map { UInt8(truncatingIfNeeded: $0 + 1) }
            let bytes = format.archive(parts, size: size, data: data)
            let (members, bodies) = try TarReaderTests.read(bytes, step: step)
            #expect(members.map(\.path) == ["dir/f", "next"].map { Array($0.utf8) })
            #expect(members.map(\.size) == [size, 4])
            #expect(members.map(\.kind) == [.file, .file])
            #expect(bodies[0] == Self.expanded(parts, size: size, data: data))
            #expect(bodies[1] == Array("body".utf8))
            // The stored parts are at the offset of the body.
            let map = try #require(members[0].sparse)
            #expect(map.storedSize == UInt64(data.count))
            #expect(Array(bytes[Int(members[0].bodyOffset)...].prefix(data.count)) == data)
            let skipping = TarReader(MemorySource(bytes, step: step), archive: "'t.tar'")
            #expect(try skipping.next() != nil)
            #expect(try skipping.next()?.path == Array("next".utf8))
        }
    }

    @Test(
        "of GNU tar are read",
        arguments: [
            ["--format=gnu"], ["--format=pax", "--sparse-version=0.0"], ["--format=pax", "--sparse-version=0.1"],
            ["--format=pax", "--sparse-version=1.0"],
        ])
    func otherPrograms(format: [String]) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write([], to: "f")
        let file = try #require(FileHandle(forWritingAtPath: path))
        for block in 0..<40 {
            try file.seek(toOffset: UInt64(block) << 16)
            try file.write(contentsOf: Array("part \(block)".utf8))
        }
        try file.truncate(atOffset: 4 << 20)
        try file.close()
        let name = "a long name " + String(repeating: "n", count: 150)
        try FileManager.default.moveItem(atPath: path, toPath: directory.path(name))
        let archive = directory.path("a.tar")
        try Program.output(["tar", "--sparse"] + format + ["-cf", archive, "-C", directory.path(""), name])
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: archive)))
        #expect(bytes.count < 1 << 20)
        let reader = TarReader(MemorySource(bytes), archive: "'t.tar'")
        let member = try #require(try reader.next())
        #expect(member.path == Array(name.utf8))
        #expect(
            try reader.body(limit: 8 << 20) == [UInt8](Data(contentsOf: URL(fileURLWithPath: directory.path(name)))))
        #expect(try reader.next() == nil)
    }

    @Test("are written as whole files")
    func written() throws {
        let map = try SparseMap([100_000, 3, 300_000, 2], size: 400_001, storedSize: 5)
        let sink = MemorySink()
        let writer = TarWriter(to: sink, owner: TarOwner())
        try writer.body(map) { BytesBody([1, 2, 3, 4, 5].dropFirst(Int($0))) }
        try writer.flush()
        #expect(sink.bytes.count == 400_384)
        let places = sink.bytes.indices.filter { sink.bytes[$0] != 0 }
        #expect(places == [100_000, 100_001, 100_002, 300_000, 300_001])
    }

    static let malformed: [MalformedTarTests.Case] = [
        .init("two maps", "it has two sparse maps") { tar in
            tar.pax([("GNU.sparse.size", "0"), ("GNU.sparse.map", "0,0")])
            tar.append(Format.old.archive([(0, 1)], size: 1, data: [1]))
        },
        .init("overlapping parts", "its sparse map has a part that is out of order or beyond the end of the file") {
            $0.append(Format.pax10.archive([(10, 10), (15, 10)], size: 100, data: .init(repeating: 1, count: 20)))
        },
        .init("part beyond the end", "its sparse map has a part that is out of order or beyond the end of the file") {
            $0.append(Format.pax01.archive([(10, 10)], size: 15, data: .init(repeating: 1, count: 10)))
        },
        .init("part that overflows", "its sparse map has a part that is out of order or beyond the end of the file") {
            $0.append(Format.pax00.archive([(1, UInt64(Int64.max))], size: UInt64(Int64.max), data: [1]))
        },
        .init("more data than in the map", "its sparse map has 1 bytes of data, but 2 bytes are stored") {
            $0.append(Format.old.archive([(0, 1)], size: 1, data: [1, 2]))
        },
        .init("less data than in the map", "its sparse map has 3 bytes of data, but 2 bytes are stored") {
            $0.append(Format.pax10.archive([(0, 3)], size: 3, data: [1, 2]))
        },
        .init("no map", "it is a sparse file without a map") { tar in
            tar.pax([("GNU.sparse.size", "5")])
            tar.file("f", "")
        },
        .init("no size", "it is a sparse file without a size") { tar in
            tar.pax([("GNU.sparse.map", "0,1")])
            tar.file("f", "1")
        },
        .init("half a part", "its sparse map has a part without a size") { tar in
            tar.pax([("GNU.sparse.size", "5"), ("GNU.sparse.map", "0,1,2")])
            tar.file("f", "1")
        },
        .init("two offsets", "the offsets and sizes of its sparse map do not alternate") { tar in
            tar.pax([("GNU.sparse.offset", "0"), ("GNU.sparse.offset", "1")])
        },
        .init("wrong number of parts", "its sparse map has 1 parts, but 2 are stated") { tar in
            tar.pax([("GNU.sparse.size", "5"), ("GNU.sparse.numblocks", "2"), ("GNU.sparse.map", "0,1")])
            tar.file("f", "1")
        },
        .init("number that is none", "the record 'GNU.sparse.map' of its extended header, 'x', is not a number") {
            $0.pax([("GNU.sparse.map", "0,x")])
        },
        .init("unknown format", "it is a sparse file of the unknown format 2.0") { tar in
            tar.pax([("GNU.sparse.major", "2"), ("GNU.sparse.minor", "0")])
            tar.file("f", "")
        },
        .init("directory", "it is not a file but has a sparse map") { tar in
            tar.pax([("GNU.sparse.size", "5"), ("GNU.sparse.map", "0,0")])
            tar.add(.init(type: UInt8(ascii: "5")))
        },
        .init("global map", "a global header before it sets a name, a size or an attribute for all entries") {
            $0.pax([("GNU.sparse.size", "5")], global: true)
        },
        .init("map longer than the body", "its sparse map is longer than its body") { tar in
            tar.pax([("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "5")])
            tar.file("f", "9000000000\n")
        },
        .init("map without numbers", "its sparse map has a line that is not a number") { tar in
            tar.pax([("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "5")])
            tar.file("f", "1\n-1\n5\n" + String(repeating: "x", count: 512))
        },
        .init("map in the body too large", "its sparse map has more bytes than the limit of 1048576") { tar in
            tar.pax([("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "5")])
            tar.file("f", "9000000000\n" + String(repeating: "0\n", count: 1 << 20))
        },
        .init("map in blocks too large", "its sparse map has more bytes than the limit of 1048576") {
            let parts = [(UInt64, UInt64)](repeating: (0, 0), count: 50_000)
            $0.append(Format.old.archive(parts, size: 0, data: []))
        },
    ]

    @Test("with a malformed map are refused", arguments: malformed)
    func refused(malformed: MalformedTarTests.Case) throws {
        let reader = TarReader(MemorySource(malformed.bytes), archive: "'t.tar'")
        let failure = try #require(throws: ToolError.self) { while try reader.next() != nil {} }
        #expect(failure.code == .data)
        #expect(failure.message.hasPrefix("cannot read 't.tar', entry 1"))
        #expect(failure.cause == malformed.cause)
    }
}

/// Bytes of a body that are in memory.
private final class BytesBody: TarBody {
    let descriptor: Int32 = -1
    let offset: UInt64? = nil
    private let source: MemorySource

    init(_ bytes: ArraySlice<UInt8>) { source = MemorySource(Array(bytes)) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try source.read(into: buffer) }
}
