import ByteIO
import Errors
import Foundation
import OCI
import Tar
import TestSupport
import Testing

@Suite("Malicious archives: the tar and its compression")
struct HostileArchiveTests {
    private let directory: TemporaryDirectory
    private let layer: [UInt8]
    /// The archive. The manifest comes first, before the damage.
    private let sound: [UInt8]
    /// The offset of the header of the layer, whose body is the rest of the archive but for the end blocks.
    private let header: Int

    init() throws {
        directory = try TemporaryDirectory()
        layer = try TestTar.files([("one", [UInt8](repeating: 1, count: 5000))])
        let manifest = Array(#"[{"Config":"c","Layers":["l"]}]"#.utf8)
        sound = try TestTar.files([
            ("manifest.json", manifest), ("c", CraftedLayout.config([SHA256.digest(of: layer)])), ("l", layer),
        ])
        header = 4 * 512
    }

    /// The error of an archive, from a file and from a pipe, uncompressed and compressed.
    private func failures(_ tar: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws -> Set<String> {
        var found: Set<String> = []
        for compressed in [Compressed.none, .gzip] {
            try directory.write(compressed.bytes(tar), to: "a.tar")
            try? FileManager.default.removeItem(atPath: directory.path("a.tar.fifo"))
            for open in [directory.openArchive, directory.openThroughPipe] {
                let failure = #expect(throws: ToolError.self, sourceLocation: sourceLocation) { _ = try open("a.tar") }
                #expect(failure?.code == .data, sourceLocation: sourceLocation)
                #expect(failure?.message.contains("/a.tar") == true, sourceLocation: sourceLocation)
                let entry = failure?.message.split(separator: "', ").last.map(String.init) ?? ""
                found.insert("\(entry): \(failure?.cause ?? "")")
            }
        }
        return found
    }

    /// The archive with a changed size in the header of the layer.
    private func sized(_ field: [UInt8]) -> [UInt8] {
        var tar = sound
        tar.replaceSubrange(header + 124..<header + 124 + field.count, with: field)
        tar.replaceSubrange(header + 148..<header + 156, with: Array("        ".utf8))
        let sum = tar[header..<header + 512].reduce(0) { $0 + Int($1) }
        let octal = String(sum, radix: 8)
        let text = String(repeating: "0", count: 6 - octal.count) + octal + "\0 "
        tar.replaceSubrange(header + 148..<header + 156, with: Array(text.utf8))
        return tar
    }

    @Test func theArchiveIsSoundAsItIs() throws {
        try directory.write(sound, to: "a.tar")
        #expect(sound[header] == UInt8(ascii: "l") && sound[header + 1] == 0)
        #expect(try directory.openArchive("a.tar").layerBytes() == [layer])
        let size = String(layer.count, radix: 8)
        let field = String(repeating: "0", count: 11 - size.count) + size + "\0"
        #expect(sized(Array(field.utf8)) == sound)
    }

    @Test func refusesSizesThatAreNone() throws {
        #expect(
            try failures(sized(Array("0000000009x\0".utf8))) == [
                "entry 3: its size, '0000000009x\u{FFFD}', is not an octal number"
            ])
        #expect(try failures(sized([UInt8](repeating: 0xFF, count: 12))) == ["entry 3: its size is negative"])
        #expect(
            try failures(sized([0x80] + [UInt8](repeating: 0xFF, count: 11))) == [
                "entry 3: its size does not fit in 64 bits"
            ])
        #expect(
            try failures(sized([0x80, 0, 0, 0, 0x7F] + [UInt8](repeating: 0xFF, count: 7))) == [
                "entry 3 'l': the archive ends within its body"
            ])
    }

    @Test func refusesBodiesThatAreNotThere() throws {
        let size = Array("77777777777\0".utf8)
        #expect(try failures(sized(size)) == ["entry 3 'l': the archive ends within its body"])
        for count in [header + 512, header + 512 + 5000, header + 512 + layer.count - 1] {
            #expect(try failures(Array(sound.prefix(count))) == ["entry 3 'l': the archive ends within its body"])
        }
        #expect(try failures(Array(sound.prefix(header + 100))) == ["entry 3: the archive ends within its header"])
    }

    @Test func refusesASizeThatTwoReadersTakeForTwo() throws {
        var extended = CraftedLayers.paxSize(2048)
        extended = Array(sound[..<header]) + extended + Array(sound[header...])
        let sizes = "entry 3: its size is 2048 bytes in its PAX header and 10240 bytes in its own header"
        #expect(try failures(extended) == [sizes])
    }

    @Test func refusesHeadersThatAreDamaged() throws {
        var tar = sound
        tar[header + 10] ^= 1
        #expect(try failures(tar) == ["entry 3: the checksum of its header is 4056, but its bytes sum up to 4057"])
    }

    @Test func takesAnArchiveWithoutItsEndAndWithMoreBehindIt() throws {
        let end = header + 512 + (layer.count + 511) / 512 * 512
        let junk = [UInt8](repeating: 7, count: 5000)
        for tar in [Array(sound[..<end]), sound + junk] {
            for compressed in [Compressed.none, .gzip] {
                try directory.write(compressed.bytes(tar), to: "a.tar")
                try? FileManager.default.removeItem(atPath: directory.path("a.tar.fifo"))
                #expect(try directory.openArchive("a.tar").layerBytes() == [layer])
                #expect(try directory.openThroughPipe("a.tar").layerBytes() == [layer])
            }
        }
        let endless = sound + [UInt8](repeating: 0, count: (16 << 20) + 512)
        #expect(
            try failures(endless).allSatisfy {
                $0.hasSuffix("more than the limit of 16777216 bytes follow its end")
            })
    }

    @Test func refusesMoreMembersThanAnyImageHas() throws {
        let sink = MemorySink()
        let writer = TarWriter(to: sink, owner: TarOwner())
        for number in 0...65_536 {
            try Array("\(number)".utf8).withUnsafeBytes {
                try writer.header(TarEntry(path: $0, kind: .file, mode: 0o644))
            }
        }
        try writer.finish()
        try directory.write(sink.bytes, to: "a.tar")
        let failure = #expect(throws: ToolError.self) { _ = try directory.openArchive("a.tar") }
        #expect(failure?.code == .data)
        #expect(failure?.message.hasSuffix("entry 65537 '65536'") == true)
        #expect(failure?.cause == "the archive has more than the limit of 65536 members")
    }

    @Test func refusesTruncatedAndDamagedStreams() throws {
        for compressed in Compressed.allCases where compressed != .none {
            let bytes = try compressed.bytes(sound)
            var damaged = bytes
            damaged[bytes.count / 2] ^= 0x10
            for stream in [Array(bytes.dropLast(3)), damaged] {
                try directory.write(stream, to: "a.tar")
                let failure = #expect(throws: ToolError.self) { _ = try directory.openArchive("a.tar") }
                #expect(failure?.code == .data)
                #expect(failure?.message.contains("a.tar") == true)
            }
        }
    }

    @Test func refusesAWindowThatWouldFillTheMemory() throws {
        // A frame of zstd with a window of 256 MiB (RFC 8878, 3.1.1.1.2): 2^(10 + 18).
        let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 18 << 3, 0x01, 0x00, 0x00]
        try directory.write(frame, to: "a.tar")
        let outer = #expect(throws: ToolError.self) { _ = try directory.openArchive("a.tar") }
        #expect(outer?.code == .data)
        #expect(outer?.cause == "the zstd stream needs a window of more than the limit of 134217728 bytes")
        var layout = CraftedLayout()
        layout.index(try layout.image([(frame, SHA256.digest(of: layer))]))
        try directory.write(layout.tar(), to: "b.tar")
        let open = try directory.openArchive("b.tar")
        let inner = #expect(throws: ToolError.self) { _ = try open.layerBytes() }
        #expect(inner?.code == .data)
        #expect(inner?.cause == outer?.cause)
    }
}

extension CraftedLayers {
    /// A PAX header that changes the size of the following entry.
    static func paxSize(_ size: Int) -> [UInt8] {
        let record = Array("13 size=\(size)\n".utf8)
        var entry = CraftedEntry(path: Array("PaxHeaders/l".utf8), body: record)
        entry.mode = 0o644
        var bytes = (try? tar([entry])) ?? []
        bytes = Array(bytes.prefix(1024))
        bytes[156] = UInt8(ascii: "x")
        // The checksum changes by the difference of the types 'x' and '0'.
        let sum = bytes[..<512].enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        let octal = String(sum, radix: 8)
        bytes.replaceSubrange(148..<154, with: Array((String(repeating: "0", count: 6 - octal.count) + octal).utf8))
        return bytes
    }
}
