import Errors
import TestSupport
import Testing

@testable import ByteIO
@testable import Compression

@Suite("Decompressing source: xz and bzip2")
struct XZAndBzip2Tests {
    static let uncompressed = DecompressingSourceTests.uncompressed
    /// A few bytes, so that each byte of their stream can be damaged in a test.
    static let word = Array("constant memory\n".utf8)

    static func xz(_ bytes: [UInt8], _ options: String...) throws -> [UInt8] {
        try Program.output(["xz", "-c"] + options, input: bytes)
    }

    static func bzip2(_ bytes: [UInt8]) throws -> [UInt8] { try Program.output(["bzip2", "-c"], input: bytes) }

    static func compressed(_ bytes: [UInt8]) throws -> [(Compression, [UInt8])] {
        [(.xz, try xz(bytes)), (.bzip2, try bzip2(bytes))]
    }

    /// The offset of the index of an xz stream, from the size in the footer. The check of the last block is before it.
    static func index(_ xz: [UInt8]) -> Int {
        let words = (0..<4).reduce(1) { $0 + Int(xz[xz.count - 8 + $1]) << (8 * $1) }
        return xz.count - 12 - words * 4
    }

    @Test("xz and bzip2 are detected and read in steps of any size", arguments: [1, 1000, 1 << 20])
    func readsBothFormats(_ step: Int) throws {
        for (kind, bytes) in try Self.compressed(Self.uncompressed) {
            try DecompressingSourceTests.open(bytes) { source throws in
                #expect(source.compression == kind)
                #expect(try source.readAll(step: step) == Self.uncompressed)
                #expect(try source.readAll(step: step) == [])
            }
        }
    }

    @Test("A source that provides single bytes is read")
    func readsLayer() throws {
        for (kind, bytes) in try Self.compressed(Self.uncompressed) + [
            (.none, Self.uncompressed), (.gzip, DecompressingSourceTests.gzip),
        ] {
            let source = try DecompressingSource(MemorySource(bytes, step: 1), name: "the layer", limits: .layer)
            #expect(source.compression == kind)
            #expect(try source.skip(3) == 3)
            #expect(try source.readAll() == Array(Self.uncompressed[3...]))
        }
    }

    @Test("The stream of an empty input is read")
    func readsEmptyStream() throws {
        for (_, bytes) in try Self.compressed([]) { #expect(try DecompressingSourceTests.read(bytes) == []) }
    }

    @Test("Several streams are read as one")
    func readsSeveralStreams() throws {
        for (_, bytes) in try Self.compressed(Self.uncompressed) {
            #expect(try DecompressingSourceTests.read(bytes + bytes) == Self.uncompressed + Self.uncompressed)
        }
        for (_, empty) in try Self.compressed([]) { #expect(try DecompressingSourceTests.read(empty + empty) == []) }
    }

    /// Blocks with sizes, as several threads write them, and without; all checks; filters before LZMA2.
    @Test("xz is read with all kinds of blocks, checks and filters")
    func readsAllXZOptions() throws {
        let forms = [
            ["--block-size=30000"], ["-T2", "--block-size=30000"], ["--check=none"], ["--check=crc32"],
            ["--check=sha256"], ["--x86", "--lzma2=preset=1"], ["--delta=dist=2", "--lzma2=dict=4KiB,lc=0"], ["-9"],
        ]
        for form in forms {
            let bytes = try Program.output(["xz", "-c"] + form, input: Self.uncompressed)
            #expect(try DecompressingSourceTests.read(bytes) == Self.uncompressed)
            #expect(
                try DecompressingSourceTests.read(bytes + [0, 0, 0, 0] + bytes) == Self.uncompressed + Self.uncompressed
            )
        }
    }

    @Test("A compressed stream within a stream is not decompressed")
    func decompressesOnce() throws {
        for (_, bytes) in try Self.compressed(Self.word) {
            for (_, twice) in try Self.compressed(bytes) { #expect(try DecompressingSourceTests.read(twice) == bytes) }
        }
    }

    @Test("A stream truncated at any byte is an error")
    func rejectsEveryTruncation() throws {
        for body in [Self.word, []] {
            for (kind, bytes) in try Self.compressed(body) {
                for count in Compression.magicSize..<bytes.count {
                    let failure = #expect(throws: ToolError.self, "\(kind) cut to \(count) bytes") {
                        try DecompressingSourceTests.read(Array(bytes[..<count]))
                    }
                    #expect(failure?.code == .data)
                    #expect(failure?.cause.contains("truncated") == true, "\(kind) cut to \(count) bytes")
                }
            }
        }
    }

    @Test("A second stream truncated at any byte is an error")
    func rejectsTruncatedSecondStream() throws {
        for (kind, bytes) in try Self.compressed(Self.word) {
            for count in 1..<bytes.count {
                let failure = #expect(throws: ToolError.self, "\(kind) and \(count) bytes") {
                    try DecompressingSourceTests.read(bytes + bytes[..<count])
                }
                #expect(failure?.code == .data)
            }
        }
    }

    @Test("A truncated long stream is an error")
    func rejectsTruncatedLongStream() throws {
        for (kind, bytes) in try Self.compressed(Self.uncompressed) {
            for count in stride(from: 100, to: bytes.count, by: 10_007) {
                DecompressingSourceTests.rejects(
                    Array(bytes[..<count]), "the \(kind) stream is truncated")
            }
        }
    }

    /// Every byte has a fixed value or is covered by a checksum.
    @Test("A stream with any byte changed is an error")
    func rejectsEveryChangedByte() throws {
        for (kind, bytes) in try Self.compressed(Self.word) {
            for place in Compression.magicSize..<bytes.count {
                var damaged = bytes
                damaged[place] ^= 0x10
                let failure = #expect(throws: ToolError.self, "byte \(place) of \(kind)") {
                    try DecompressingSourceTests.read(damaged)
                }
                #expect(failure?.code == .data)
            }
        }
    }

    @Test("A wrong checksum is an error")
    func verifiesChecksums() throws {
        var bytes = try Self.xz(Self.uncompressed, "--check=crc64")
        bytes[Self.index(bytes) - 1] ^= 1
        DecompressingSourceTests.rejects(bytes, "the xz stream is damaged: its data or a checksum is invalid")
        bytes = try Self.bzip2(Self.uncompressed)
        bytes[11] ^= 1
        DecompressingSourceTests.rejects(bytes, "the bzip2 stream is damaged: bzip decompression failed")
    }

    @Test("Other data after a stream, or too much padding, is an error")
    func rejectsTrailingData() throws {
        for (kind, bytes) in try Self.compressed(Self.word) {
            let cause = "data that is not \(kind) follows the end of the \(kind) stream"
            for garbage in [
                Array("garbage".utf8), [UInt8](repeating: 7, count: 100_000), DecompressingSourceTests.gzip,
            ] {
                DecompressingSourceTests.rejects(bytes + garbage, cause)
            }
        }
        let (xz, bzip2) = (try Self.xz(Self.word), try Self.bzip2(Self.word))
        DecompressingSourceTests.rejects(bzip2 + [0], "data that is not bzip2 follows the end of the bzip2 stream")
        DecompressingSourceTests.rejects(xz + [0], "the xz stream is truncated")
        let padding = [UInt8](repeating: 0, count: 1 << 20)
        #expect(try DecompressingSourceTests.read(xz + padding) == Self.word)
        DecompressingSourceTests.rejects(
            xz + padding + [0, 0, 0, 0], "more than the limit of 1048576 zero bytes follow its end")
    }

    @Test("Reading after an error throws again")
    func repeatsErrors() throws {
        for (kind, bytes) in try Self.compressed(Self.uncompressed) {
            for damaged in [bytes + Array("garbage".utf8), bytes.dropLast()] {
                let source = try DecompressingSource(MemorySource(damaged), name: "it", limits: .archive)
                for _ in 0..<3 { #expect(throws: ToolError.self, "\(kind)") { try source.readAll() } }
            }
        }
    }

    @Test("Output beyond the size limit or the ratio limit is an error")
    func rejectsBombs() throws {
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        var limits = DecompressionLimits(output: 1 << 30)
        limits.ratioFrom = 500_000
        for (_, bomb) in try Self.compressed(zeros) {
            DecompressingSourceTests.rejects(
                bomb, "it decompresses to more than the limit of 1000 bytes", DecompressionLimits(output: 1000))
            DecompressingSourceTests.rejects(
                bomb, "it decompresses to more than 500000 bytes and 200 times its size", limits)
            // The ratio limit does not apply to small outputs.
            #expect(try DecompressingSourceTests.read(bomb) == zeros)
        }
    }

    @Test("An xz dictionary of more than 128 MiB is an error in any stream and block")
    func limitsXZDictionary() throws {
        let cause = "the xz stream needs a dictionary of more than the limit of 134217728 bytes"
        let large = try Self.xz(Self.word, "--lzma2=preset=0,dict=192MiB")
        DecompressingSourceTests.rejects(large, cause)
        #expect(try DecompressingSourceTests.read(Self.xz(Self.word, "--lzma2=preset=0,dict=128MiB")) == Self.word)
        // In a later stream, after blocks with different options.
        for options in ["--block-size=30000", "--check=sha256", "--check=none"] {
            let sound = try Self.xz(Self.uncompressed, options)
            DecompressingSourceTests.rejects(sound + large, cause)
            DecompressingSourceTests.rejects(sound + [0, 0, 0, 0] + large, cause)
        }
        // In a later block of the same stream: the first block of the large stream after the block of a valid stream.
        let sound = try Self.xz(Self.uncompressed)
        DecompressingSourceTests.rejects(Array(sound[..<Self.index(sound)] + large[12...]), cause)
    }

    @Test("A changed byte in a long stream is a data error")
    func survivesDamage() throws {
        var random = SeededGenerator(seed: 30)
        for (_, sound) in try Self.compressed(Self.uncompressed) {
            for _ in 0..<60 {
                var damaged = sound
                let place = Int.random(in: Compression.magicSize..<sound.count, using: &random)
                damaged[place] ^= UInt8.random(in: 1...255, using: &random)
                let failure = #expect(throws: ToolError.self) { try DecompressingSourceTests.read(damaged) }
                #expect(failure?.code == .data)
            }
        }
    }

    @Test("An error of the source is thrown unchanged")
    func passesSourceErrorsOn() throws {
        for (kind, bytes) in try Self.compressed(Self.uncompressed) {
            for count in [0, 6, 70_000] {
                #expect(throws: BrokenSource.Broken.self, "\(kind) after \(count) bytes") {
                    try DecompressingSource(BrokenSource(Array(bytes[..<count])), name: "it", limits: .archive)
                        .readAll()
                }
            }
        }
    }
}

/// Provides some bytes and then throws an error.
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
