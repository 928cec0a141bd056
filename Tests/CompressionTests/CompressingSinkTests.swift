import ByteIO
import Compression
import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Compressing sink")
struct CompressingSinkTests {
    static let decoders: [Compressor: [String]] = [.gz: ["gzip", "-dc"], .zstd: ["zstd", "-dc"]]

    /// Several blocks of either format, compressible except for the end.
    static let sample: [UInt8] = {
        var random = SeededGenerator(seed: 11)
        let words = (0..<64).map { _ in random.bytes(16) }
        var sample: [UInt8] = []
        sample.reserveCapacity(3 << 20)
        while sample.count < 2_500_000 { sample += words[Int.random(in: 0..<64, using: &random)] }
        return sample + random.bytes(100_000)
    }()

    @Test("gzip and zstd decompress the output to the input", arguments: [Compressor.gz, .zstd])
    func decompressesToInput(_ compressor: Compressor) throws {
        let decoder = try #require(Self.decoders[compressor])
        for size in [0, 1, 262_143, 262_144, 262_145, Self.sample.count] {
            let input = Array(Self.sample.prefix(size))
            let output = try Self.compress(compressor) { try $0.write(input) }
            // Empty output is not a valid gzip or zstd file; an archive is never empty.
            if size > 0 { #expect(try Program.output(decoder, input: output) == input) }
        }
    }

    @Test("The output does not depend on the sizes of the writes", arguments: [Compressor.gz, .zstd])
    func ignoresSizeOfWrites(_ compressor: Compressor) throws {
        let whole = try Self.compress(compressor) { try $0.write(Self.sample) }
        let parts = try Self.compress(compressor) { sink in
            var rest = Self.sample[...]
            var random = SeededGenerator(seed: 5)
            while !rest.isEmpty {
                let part = rest.prefix(Int.random(in: 1...300_000, using: &random))
                try sink.write(Array(part))
                rest = rest.dropFirst(part.count)
            }
        }
        #expect(whole == parts)
    }

    @Test("The output does not depend on the number of threads", arguments: [Compressor.gz, .zstd])
    func ignoresThreadCount(_ compressor: Compressor) throws {
        let one = try Self.compress(compressor, threads: 1) { try $0.write(Self.sample) }
        for threads in [2, 3, 8] {
            #expect(try Self.compress(compressor, threads: threads) { try $0.write(Self.sample) } == one)
        }
    }

    @Test("Sinks that share a compressor write the same bytes as a sink alone", arguments: [Compressor.gz, .zstd])
    func sharedCompressor(_ compressor: Compressor) throws {
        let alone = try Self.compress(compressor) { try $0.write(Self.sample) }
        let shared = SharedCompressor(compressor, sinks: 3, width: 2)
        let together = try OrderedThreadPool<Int, [UInt8]>.map([1, 2, 3, 4, 5]) { _ in
            try Self.compress(compressor, sharing: shared) { try $0.write(Self.sample) }
        }
        #expect(together.allSatisfy { $0 == alone })
        #expect(SharedCompressor(.none, sinks: 1) == nil)
    }

    @Test("A pipe does not support backpatching")
    func hasNoBackpatchingInPipe() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        #expect(!DescriptorSink(ends[1], name: "a pipe").supportsBackpatching)
    }

    @Test("There is no compressing sink for the compressor none")
    func isNilWithoutCompression() {
        #expect(CompressingSink(.none, to: DescriptorSink(1, name: "standard output")) == nil)
    }

    private static func compress(
        _ compressor: Compressor, threads: Int = 2, sharing shared: SharedCompressor? = nil,
        _ write: (CompressingSink) throws -> Void
    ) throws -> [UInt8] {
        let directory = try TemporaryDirectory()
        let descriptor = open(directory.path("out"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let sink = try #require(
            CompressingSink(
                compressor, to: DescriptorSink(descriptor, name: "'out'"), threads: threads, sharing: shared))
        try write(sink)
        try sink.finish()
        return try directory.read("out")
    }
}
