import ByteIO
import Compression
import Errors
import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite("Decompressing source: gzip and zstd")
struct DecompressingSourceTests {
    static let uncompressed: [UInt8] = {
        var random = SeededGenerator(seed: 4)
        return random.bytes(1000) + [UInt8](repeating: 7, count: 300_000) + random.bytes(100_000)
    }()

    static let gzip: [UInt8] = (try? Program.output(["gzip", "-c"], input: uncompressed)) ?? []
    static let zstd: [UInt8] = (try? Program.output(["zstd", "--check", "-c"], input: uncompressed)) ?? []

    @Test(
        "Uncompressed bytes, gzip and zstd are detected and read in steps of any size", arguments: [1, 1000, 1 << 20])
    func readsEachFormat(_ step: Int) throws {
        for (bytes, kind) in [(Self.uncompressed, Compression.none), (Self.gzip, .gzip), (Self.zstd, .zstd)] {
            try Self.open(bytes) { source throws in
                #expect(source.compression == kind)
                #expect(try source.readAll(step: step) == Self.uncompressed)
                #expect(try source.readAll(step: step) == [])
            }
        }
    }

    @Test("Skipped bytes are left out")
    func skipsBytes() throws {
        for bytes in [Self.uncompressed, Self.gzip, Self.zstd] {
            try Self.open(bytes) { source throws in
                var start = [UInt8](repeating: 0, count: 100)
                #expect(try start.withUnsafeMutableBytes { try source.fill($0) } == 100)
                #expect(try source.skip(0) == 0)
                #expect(try source.skip(200_000) == 200_000)
                #expect(try source.readAll() == Array(Self.uncompressed[200_100...]))
            }
            #expect(try Self.open(bytes) { try $0.skip(1 << 40) } == UInt64(Self.uncompressed.count))
        }
    }

    @Test("Several gzip members or zstd frames are read as one stream")
    func readsSeveralMembers() throws {
        #expect(try Self.read(Self.gzip + Self.gzip) == Self.uncompressed + Self.uncompressed)
        #expect(try Self.read(Self.zstd + Self.zstd) == Self.uncompressed + Self.uncompressed)
        // A zstd frame without data, before and after.
        let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]
        #expect(try Self.read(skippable + Self.zstd + skippable) == Self.uncompressed)
    }

    @Test("The output of the compressing sink is read")
    func readsOwnOutput() throws {
        for compressor in [Compressor.gz, .zstd] {
            let directory = try TemporaryDirectory()
            let descriptor = Glibc.open(directory.path("out"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            defer { close(descriptor) }
            let sink = try #require(CompressingSink(compressor, to: DescriptorSink(descriptor, name: "'out'")))
            try sink.write(Self.uncompressed)
            try sink.write([1, 2, 3])
            try sink.finish()
            let source = try DecompressingSource.open(FilePath(directory.path("out")))
            #expect(try source.readAll() == Self.uncompressed + [1, 2, 3])
        }
    }

    @Test("A FIFO is read whose first bytes come in parts")
    func readsFIFO() throws {
        let directory = try TemporaryDirectory()
        #expect(mkfifo(directory.path("fifo"), 0o600) == 0)
        let path = directory.path("fifo")
        let writer = Thread {
            let bytes = Self.gzip
            let descriptor = Glibc.open(path, O_WRONLY)
            _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, 3) }
            usleep(20_000)
            var rest = bytes[3...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                guard count > 0 else { break }
                rest = rest.dropFirst(count)
            }
            close(descriptor)
        }
        writer.start()
        #expect(try DecompressingSource.open(FilePath(path)).readAll() == Self.uncompressed)
    }

    @Test("Zero bytes after gzip are accepted up to the limit")
    func acceptsPadding() throws {
        #expect(try Self.read(Self.gzip + [UInt8](repeating: 0, count: 100_000)) == Self.uncompressed)
        Self.rejects(
            Self.gzip + [UInt8](repeating: 0, count: 1 << 20 + 1),
            "more than the limit of 1048576 zero bytes follow its end")
    }

    @Test("Other data after the end of a stream is an error")
    func rejectsTrailingData() {
        let gzip = "data that is not gzip follows the end of the gzip stream"
        Self.rejects(Self.gzip + [1], gzip)
        Self.rejects(Self.gzip + [UInt8](repeating: 0, count: 600) + [1], gzip)
        Self.rejects(Self.gzip + Self.zstd, gzip)
        Self.rejects(Self.gzip + [0x1F], "the gzip stream is truncated")
        Self.rejects(
            Self.zstd + Array("garbage".utf8), "data that is not zstd follows the end of the zstd stream")
    }

    @Test("A truncated stream is an error")
    func rejectsTruncation() {
        for count in [3, 10, 18, 500, Self.gzip.count - 9, Self.gzip.count - 1] {
            Self.rejects(Array(Self.gzip[..<count]), "the gzip stream is truncated")
        }
        for count in [4, 5, 10, 500, Self.zstd.count - 4, Self.zstd.count - 1] {
            Self.rejects(Array(Self.zstd[..<count]), "the zstd stream is truncated")
        }
    }

    @Test("A wrong checksum or length is an error")
    func verifiesChecksums() {
        var gzip = Self.gzip
        gzip[gzip.count - 5] ^= 1
        Self.rejects(gzip, "the gzip stream is damaged: its checksum or its length is wrong")
        gzip = Self.gzip
        gzip[gzip.count - 1] ^= 1
        Self.rejects(gzip, "the gzip stream is damaged: its checksum or its length is wrong")
        var zstd = Self.zstd
        zstd[zstd.count - 1] ^= 1
        Self.rejects(zstd, "the zstd stream is damaged: Restored data doesn't match checksum")
    }

    @Test("A stream with a changed byte gives the same bytes or a data error")
    func survivesDamage() throws {
        var random = SeededGenerator(seed: 12)
        for sound in [Self.gzip, Self.zstd] {
            for _ in 0..<60 {
                var damaged = sound
                damaged[Int.random(in: 0..<200, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
                do {
                    _ = try Self.read(damaged)
                } catch let failure as ToolError {
                    #expect(failure.code == .data)
                }
            }
        }
    }

    @Test("A zstd window of more than 128 MiB is an error")
    func limitsZstdWindow() throws {
        // A frame with a window of 256 MiB: exponent 18 in the window descriptor (RFC 8878 section 3.1.1.1.2).
        let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 18 << 3, 0x01, 0x00, 0x00]
        Self.rejects(frame, "the zstd stream needs a window of more than the limit of 134217728 bytes")
        let long = try Program.output(["zstd", "--long=27", "-c"], input: Self.uncompressed)
        #expect(try Self.read(long) == Self.uncompressed)
    }

    @Test("Output beyond the size limit or the ratio limit is an error")
    func rejectsBombs() throws {
        var limits = DecompressionLimits(output: 1000)
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        let bombs = [
            try Program.output(["gzip", "-c"], input: zeros), try Program.output(["zstd", "-c"], input: zeros),
        ]
        for bomb in bombs {
            Self.rejects(
                bomb, "it decompresses to more than the limit of 1000 bytes", limits,
                remedy: "set \(.maxLayerSize) to a larger size if you trust its origin")
        }
        limits = DecompressionLimits(output: 1 << 30)
        limits.ratioFrom = 500_000
        for bomb in bombs {
            Self.rejects(
                bomb, "it decompresses to more than 500000 bytes and 200 times its size", limits,
                remedy: "set \(.maxRatio) to a larger number if you trust its origin")
        }
        limits.ratio = 100_000
        for bomb in bombs { #expect(try Self.open(bomb, limits) { try $0.readAll() } == zeros) }
        // The ratio limit does not apply to small outputs.
        for bomb in bombs { #expect(try Self.read(bomb) == zeros) }
    }

    @Test("An empty file is read as uncompressed")
    func readsEmptyFile() throws {
        try Self.open([]) { source throws in
            #expect(source.compression == .none)
            #expect(try source.readAll() == [])
        }
    }

    @Test("The error for a missing file or a directory names the path")
    func namesUnreadablePath() throws {
        let directory = try TemporaryDirectory()
        let missing = #expect(throws: ToolError.self) { try DecompressingSource.open(FilePath(directory.path("no"))) }
        #expect(missing?.code == .io)
        #expect(missing?.message == "cannot open '\(directory.path("no"))'")
        let wrong = #expect(throws: ToolError.self) { try DecompressingSource.open(FilePath(directory.path)) }
        #expect(wrong?.code == .data)
        #expect(wrong?.cause == "it is a directory, not an archive")
    }

    static func read(_ bytes: [UInt8]) throws -> [UInt8] { try open(bytes) { try $0.readAll() } }

    static func open<Value>(
        _ bytes: [UInt8], _ limits: DecompressionLimits = .archive, _ body: (DecompressingSource) throws -> Value
    ) throws -> Value {
        let directory = try TemporaryDirectory()
        return try body(DecompressingSource.open(FilePath(directory.write(bytes, to: "archive")), limits: limits))
    }

    static func rejects(
        _ bytes: [UInt8], _ cause: String, _ limits: DecompressionLimits = .archive, remedy: Remedy? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let failure = #expect(throws: ToolError.self, sourceLocation: sourceLocation) {
            try open(bytes, limits) { try $0.readAll() }
        }
        #expect(failure?.code == .data, sourceLocation: sourceLocation)
        #expect(failure?.cause == cause, sourceLocation: sourceLocation)
        if let remedy { #expect(failure?.remedy == remedy, sourceLocation: sourceLocation) }
    }
}
