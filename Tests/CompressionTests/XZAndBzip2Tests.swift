import Errors
import TestSupport
import Testing

@testable import ByteIO
@testable import Compression

/// Streams of xz and bzip2 as the programs of these names write them, sound and damaged.
struct XZAndBzip2Tests {
    static let plain = ArchiveSourceTests.plain
    /// A few bytes in a stream, so that each place in it can be damaged.
    static let word = Array("constant memory\n".utf8)

    static func xz(_ bytes: [UInt8], _ options: String...) throws -> [UInt8] {
        try Program.output(["xz", "-c"] + options, input: bytes)
    }

    static func bzip2(_ bytes: [UInt8]) throws -> [UInt8] { try Program.output(["bzip2", "-c"], input: bytes) }

    static func packed(_ bytes: [UInt8]) throws -> [(Compression, [UInt8])] {
        [(.xz, try xz(bytes)), (.bzip2, try bzip2(bytes))]
    }

    /// Where the index of a stream of xz begins, by the size in its footer: behind the check of the last block.
    static func index(_ xz: [UInt8]) -> Int {
        let words = (0..<4).reduce(1) { $0 + Int(xz[xz.count - 8 + $1]) << (8 * $1) }
        return xz.count - 12 - words * 4
    }

    @Test(arguments: [1, 1000, 1 << 20]) func readsBoth(_ step: Int) throws {
        for (kind, bytes) in try Self.packed(Self.plain) {
            try ArchiveSourceTests.open(bytes) { source throws in
                #expect(source.compression == kind)
                #expect(try source.readAll(step: step) == Self.plain)
                #expect(try source.readAll(step: step) == [])
            }
        }
    }

    /// From any source, which may give its bytes one by one.
    @Test func readsALayer() throws {
        for (kind, bytes) in try Self.packed(Self.plain) + [(.none, Self.plain), (.gzip, ArchiveSourceTests.gzip)] {
            let source = try DecompressingSource(MemorySource(bytes, step: 1), name: "the layer", limits: .layer)
            #expect(source.compression == kind)
            #expect(try source.skip(3) == 3)
            #expect(try source.readAll() == Array(Self.plain[3...]))
        }
    }

    @Test func readsNothing() throws {
        for (_, bytes) in try Self.packed([]) { #expect(try ArchiveSourceTests.read(bytes) == []) }
    }

    @Test func readsSeveralStreams() throws {
        for (_, bytes) in try Self.packed(Self.plain) {
            #expect(try ArchiveSourceTests.read(bytes + bytes) == Self.plain + Self.plain)
        }
        for (_, empty) in try Self.packed([]) { #expect(try ArchiveSourceTests.read(empty + empty) == []) }
    }

    /// Blocks with their sizes told, as threads write them, and without; all checks; filters before LZMA2.
    @Test func readsAllFormsOfXZ() throws {
        let forms = [
            ["--block-size=30000"], ["-T2", "--block-size=30000"], ["--check=none"], ["--check=crc32"],
            ["--check=sha256"], ["--x86", "--lzma2=preset=1"], ["--delta=dist=2", "--lzma2=dict=4KiB,lc=0"], ["-9"],
        ]
        for form in forms {
            let bytes = try Program.output(["xz", "-c"] + form, input: Self.plain)
            #expect(try ArchiveSourceTests.read(bytes) == Self.plain)
            #expect(try ArchiveSourceTests.read(bytes + [0, 0, 0, 0] + bytes) == Self.plain + Self.plain)
        }
    }

    /// A stream within a stream stays one: what is decompressed once may be what was wanted.
    @Test func decompressesOnce() throws {
        for (_, bytes) in try Self.packed(Self.word) {
            for (_, twice) in try Self.packed(bytes) { #expect(try ArchiveSourceTests.read(twice) == bytes) }
        }
    }

    @Test func refusesEveryTruncation() throws {
        for body in [Self.word, []] {
            for (kind, bytes) in try Self.packed(body) {
                for count in Compression.magicSize..<bytes.count {
                    let failure = #expect(throws: ToolError.self, "\(kind) cut to \(count) bytes") {
                        try ArchiveSourceTests.read(Array(bytes[..<count]))
                    }
                    #expect(failure?.code == .data)
                    #expect(failure?.cause.contains("truncated") == true, "\(kind) cut to \(count) bytes")
                }
            }
        }
    }

    @Test func refusesATruncatedSecondStream() throws {
        for (kind, bytes) in try Self.packed(Self.word) {
            for count in 1..<bytes.count {
                let failure = #expect(throws: ToolError.self, "\(kind) and \(count) bytes") {
                    try ArchiveSourceTests.read(bytes + bytes[..<count])
                }
                #expect(failure?.code == .data)
            }
        }
    }

    @Test func refusesATruncatedLongStream() throws {
        for (kind, bytes) in try Self.packed(Self.plain) {
            for count in stride(from: 100, to: bytes.count, by: 10_007) {
                ArchiveSourceTests.refuses(
                    Array(bytes[..<count]), "the \(kind) stream ends before its end: it is truncated")
            }
        }
    }

    /// Every byte of a stream is held by a checksum or by what it must be.
    @Test func refusesEveryChangedByte() throws {
        for (kind, bytes) in try Self.packed(Self.word) {
            for place in Compression.magicSize..<bytes.count {
                var damaged = bytes
                damaged[place] ^= 0x10
                let failure = #expect(throws: ToolError.self, "byte \(place) of \(kind)") {
                    try ArchiveSourceTests.read(damaged)
                }
                #expect(failure?.code == .data)
            }
        }
    }

    @Test func checksTheChecksums() throws {
        var bytes = try Self.xz(Self.plain, "--check=crc64")
        bytes[Self.index(bytes) - 1] ^= 1
        ArchiveSourceTests.refuses(bytes, "the xz stream is damaged: its data or a checksum is invalid")
        bytes = try Self.bzip2(Self.plain)
        bytes[11] ^= 1
        ArchiveSourceTests.refuses(bytes, "the bzip2 stream is damaged: bzip decompression failed")
    }

    @Test func refusesWhatLiesBehind() throws {
        for (kind, bytes) in try Self.packed(Self.word) {
            let cause = "something that is no \(kind) lies behind the end of the \(kind) stream"
            for garbage in [Array("garbage".utf8), [UInt8](repeating: 7, count: 100_000), ArchiveSourceTests.gzip] {
                ArchiveSourceTests.refuses(bytes + garbage, cause)
            }
        }
        let (xz, bzip2) = (try Self.xz(Self.word), try Self.bzip2(Self.word))
        ArchiveSourceTests.refuses(bzip2 + [0], "something that is no bzip2 lies behind the end of the bzip2 stream")
        ArchiveSourceTests.refuses(xz + [0], "the xz stream ends before its end: it is truncated")
        let padding = [UInt8](repeating: 0, count: 1 << 20)
        #expect(try ArchiveSourceTests.read(xz + padding) == Self.word)
        ArchiveSourceTests.refuses(
            xz + padding + [0, 0, 0, 0], "more than the limit of 1048576 zeros lie behind its end")
    }

    /// An error is none the less one where it is asked for again.
    @Test func staysRefused() throws {
        for (kind, bytes) in try Self.packed(Self.plain) {
            for damaged in [bytes + Array("garbage".utf8), bytes.dropLast()] {
                let source = try DecompressingSource(MemorySource(damaged), name: "it", limits: .archive)
                for _ in 0..<3 { #expect(throws: ToolError.self, "\(kind)") { try source.readAll() } }
            }
        }
    }

    @Test func refusesBombs() throws {
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        var limits = DecompressionLimits(output: 1 << 30)
        limits.ratioFrom = 500_000
        for (_, bomb) in try Self.packed(zeros) {
            ArchiveSourceTests.refuses(
                bomb, "it comes to more than the limit of 1000 bytes", DecompressionLimits(output: 1000))
            ArchiveSourceTests.refuses(
                bomb, "it comes to more than 500000 bytes, and more than 200 for each byte of it", limits)
            // The ratio alone refuses nothing.
            #expect(try ArchiveSourceTests.read(bomb) == zeros)
        }
    }

    @Test func capsTheDictionaryOfXZ() throws {
        let cause = "the xz stream needs a dictionary of more than the limit of 134217728 bytes"
        let large = try Self.xz(Self.word, "--lzma2=preset=0,dict=192MiB")
        ArchiveSourceTests.refuses(large, cause)
        #expect(try ArchiveSourceTests.read(Self.xz(Self.word, "--lzma2=preset=0,dict=128MiB")) == Self.word)
        // In a later stream, behind blocks of all forms.
        for options in ["--block-size=30000", "--check=sha256", "--check=none"] {
            let sound = try Self.xz(Self.plain, options)
            ArchiveSourceTests.refuses(sound + large, cause)
            ArchiveSourceTests.refuses(sound + [0, 0, 0, 0] + large, cause)
        }
        // In a later block of the same stream: the first block of the large stream behind that of a sound one.
        let sound = try Self.xz(Self.plain)
        ArchiveSourceTests.refuses(Array(sound[..<Self.index(sound)] + large[12...]), cause)
    }

    /// Wherever a stream is damaged, reading ends, and with nothing but an error of its own.
    @Test func endsOnDamage() throws {
        var random = SeededGenerator(seed: 30)
        for (_, sound) in try Self.packed(Self.plain) {
            for _ in 0..<60 {
                var damaged = sound
                let place = Int.random(in: Compression.magicSize..<sound.count, using: &random)
                damaged[place] ^= UInt8.random(in: 1...255, using: &random)
                let failure = #expect(throws: ToolError.self) { try ArchiveSourceTests.read(damaged) }
                #expect(failure?.code == .data)
            }
        }
    }

    /// What the source throws comes through libarchive.
    @Test func passesErrorsOn() throws {
        for (kind, bytes) in try Self.packed(Self.plain) {
            for count in [0, 6, 70_000] {
                #expect(throws: BrokenSource.Broken.self, "\(kind) after \(count) bytes") {
                    try DecompressingSource(BrokenSource(Array(bytes[..<count])), name: "it", limits: .archive)
                        .readAll()
                }
            }
        }
    }
}

/// Gives some bytes, and then an error.
private final class BrokenSource: ByteSource {
    struct Broken: Error {}

    private let start: MemorySource

    init(_ bytes: [UInt8]) {
        start = MemorySource(bytes)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try start.read(into: buffer)
        guard count > 0 else { throw Broken() }
        return count
    }
}
