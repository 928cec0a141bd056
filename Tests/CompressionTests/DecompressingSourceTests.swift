import ByteIO
import Compression
import Errors
import Foundation
import SystemPackage
import TestSupport
import Testing

/// Archives by their content, sound and damaged.
struct ArchiveSourceTests {
    static let plain: [UInt8] = {
        var random = SeededGenerator(seed: 4)
        return random.bytes(1000) + [UInt8](repeating: 7, count: 300_000) + random.bytes(100_000)
    }()

    static let gzip: [UInt8] = (try? Program.output(["gzip", "-c"], input: plain)) ?? []
    static let zstd: [UInt8] = (try? Program.output(["zstd", "--check", "-c"], input: plain)) ?? []

    @Test(arguments: [1, 1000, 1 << 20]) func readsEachKind(_ step: Int) throws {
        for (bytes, kind) in [(Self.plain, Compression.none), (Self.gzip, .gzip), (Self.zstd, .zstd)] {
            try Self.open(bytes) { source throws in
                #expect(source.compression == kind)
                #expect(try source.readAll(step: step) == Self.plain)
                #expect(try source.readAll(step: step) == [])
            }
        }
    }

    @Test func passesOverBytes() throws {
        for bytes in [Self.plain, Self.gzip, Self.zstd] {
            try Self.open(bytes) { source throws in
                var start = [UInt8](repeating: 0, count: 100)
                #expect(try start.withUnsafeMutableBytes { try source.fill($0) } == 100)
                #expect(try source.skip(0) == 0)
                #expect(try source.skip(200_000) == 200_000)
                #expect(try source.readAll() == Array(Self.plain[200_100...]))
            }
            #expect(try Self.open(bytes) { try $0.skip(1 << 40) } == UInt64(Self.plain.count))
        }
    }

    @Test func readsSeveralMembersAndFrames() throws {
        #expect(try Self.read(Self.gzip + Self.gzip) == Self.plain + Self.plain)
        #expect(try Self.read(Self.zstd + Self.zstd) == Self.plain + Self.plain)
        // A frame of zstd that holds no data, before and behind.
        let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]
        #expect(try Self.read(skippable + Self.zstd + skippable) == Self.plain)
    }

    @Test func readsWhatOursCompresses() throws {
        for compressor in [Compressor.gz, .zstd] {
            let directory = try TemporaryDirectory()
            let descriptor = Glibc.open(directory.path("out"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            defer { close(descriptor) }
            let sink = try #require(CompressingSink(compressor, to: DescriptorSink(descriptor, name: "'out'")))
            try sink.write(Self.plain)
            try sink.writeReserved([1, 2, 3])
            try sink.finish()
            let source = try DecompressingSource.open(FilePath(directory.path("out")))
            #expect(try source.readAll() == Self.plain + [1, 2, 3])
        }
    }

    @Test func readsAFIFO() throws {
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
        #expect(try DecompressingSource.open(FilePath(path)).readAll() == Self.plain)
    }

    @Test func toleratesZerosBehindGzip() throws {
        #expect(try Self.read(Self.gzip + [UInt8](repeating: 0, count: 100_000)) == Self.plain)
        Self.refuses(
            Self.gzip + [UInt8](repeating: 0, count: 1 << 20 + 1),
            "more than the limit of 1048576 zeros lie behind its end")
    }

    @Test func refusesWhatLiesBehind() {
        let gzip = "something that is no gzip lies behind the end of the gzip stream"
        Self.refuses(Self.gzip + [1], gzip)
        Self.refuses(Self.gzip + [UInt8](repeating: 0, count: 600) + [1], gzip)
        Self.refuses(Self.gzip + Self.zstd, gzip)
        Self.refuses(Self.gzip + [0x1F], "the gzip stream ends before its end: it is truncated")
        Self.refuses(
            Self.zstd + Array("garbage".utf8), "something that is no zstd lies behind the end of the zstd stream")
    }

    @Test func refusesTruncatedStreams() {
        for count in [3, 10, 18, 500, Self.gzip.count - 9, Self.gzip.count - 1] {
            Self.refuses(Array(Self.gzip[..<count]), "the gzip stream ends before its end: it is truncated")
        }
        for count in [4, 5, 10, 500, Self.zstd.count - 4, Self.zstd.count - 1] {
            Self.refuses(Array(Self.zstd[..<count]), "the zstd stream ends before its end: it is truncated")
        }
    }

    @Test func checksTheChecksums() {
        var gzip = Self.gzip
        gzip[gzip.count - 5] ^= 1
        Self.refuses(gzip, "the gzip stream is damaged: its checksum or its length is wrong")
        gzip = Self.gzip
        gzip[gzip.count - 1] ^= 1
        Self.refuses(gzip, "the gzip stream is damaged: its checksum or its length is wrong")
        var zstd = Self.zstd
        zstd[zstd.count - 1] ^= 1
        Self.refuses(zstd, "the zstd stream is damaged: Restored data doesn't match checksum")
    }

    /// Whatever byte is changed, reading ends: with the same bytes where the change is of no matter, or with an error.
    @Test func endsOnDamage() throws {
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

    @Test func capsTheWindowOfZstd() throws {
        // A frame that wants 256 MiB: exponent 18 in the window descriptor (RFC 8878 section 3.1.1.1.2).
        let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 18 << 3, 0x01, 0x00, 0x00]
        Self.refuses(frame, "the zstd stream wants a window of more than the limit of 134217728 bytes")
        let long = try Program.output(["zstd", "--long=27", "-c"], input: Self.plain)
        #expect(try Self.read(long) == Self.plain)
    }

    @Test func refusesBombs() throws {
        var limits = DecompressionLimits(output: 1000)
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        let bombs = [
            try Program.output(["gzip", "-c"], input: zeros), try Program.output(["zstd", "-c"], input: zeros),
        ]
        for bomb in bombs { Self.refuses(bomb, "it comes to more than the limit of 1000 bytes", limits) }
        limits = DecompressionLimits(output: 1 << 30)
        limits.ratioFrom = 500_000
        for bomb in bombs {
            Self.refuses(
                bomb, "it comes to more than 500000 bytes, and more than 200 for each byte of it", limits)
        }
        // The ratio alone refuses nothing.
        for bomb in bombs { #expect(try Self.read(bomb) == zeros) }
    }

    @Test func readsAnEmptyFile() throws {
        try Self.open([]) { source throws in
            #expect(source.compression == .none)
            #expect(try source.readAll() == [])
        }
    }

    @Test func namesWhatCannotBeOpened() throws {
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

    static func refuses(
        _ bytes: [UInt8], _ cause: String, _ limits: DecompressionLimits = .archive,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let failure = #expect(throws: ToolError.self, sourceLocation: sourceLocation) {
            try open(bytes, limits) { try $0.readAll() }
        }
        #expect(failure?.code == .data, sourceLocation: sourceLocation)
        #expect(failure?.cause == cause, sourceLocation: sourceLocation)
    }
}
