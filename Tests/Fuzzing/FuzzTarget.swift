import Compression
import Errors
import JSON

/// What the fuzzer feeds. Each takes any bytes and must come to an end: with a value, or with a `ToolError` that blames
/// the data. All else is a find: a crash, an endless loop, memory without bound, an error of another kind.
enum FuzzTarget: String, CaseIterable {
    case tar
    case pax
    case gzip
    case zstd
    case xz
    case bzip2
    case json
    case image
    case config
    case flatten

    /// Feeds `bytes`.
    ///
    /// - Throws: what the reader throws.
    func run(_ bytes: UnsafeRawBufferPointer) throws {
        switch self {
        case .tar: try TarFuzzing.read(TarFuzzing.withChecksums(bytes))
        case .pax: try TarFuzzing.read(TarFuzzing.behindHeader(bytes))
        case .gzip, .zstd, .xz, .bzip2: try Self.decompress(bytes)
        case .json: try Self.parse(bytes)
        case .image: try ImageFuzzing.open(TarFuzzing.withChecksums(bytes))
        case .config: try ImageFuzzing.describe(bytes)
        case .flatten: try ImageFuzzing.flatten(TarFuzzing.withChecksums(bytes))
        }
    }

    /// The source chooses the decompressor by the first bytes, which fuzzers find soon: all decompressors are fed in
    /// all of these, and differ by their seeds.
    private static func decompress(_ bytes: UnsafeRawBufferPointer) throws {
        // Small, so that refusing costs little; and prime, so that blocks lie across the ends of what is read.
        var limits = DecompressionLimits(output: 1 << 20)
        limits.zstdWindowLog = 20
        limits.xzDictionary = 1 << 20
        let source = try DecompressingSource(BufferSource(bytes, step: 13), name: "it", limits: limits)
        _ = try BufferSource.drain(source, step: 4099)
    }

    /// What is parsed is written, parsed and written again: the same text must come out. The value may be another, as
    /// `1.0` is written `1`.
    private static func parse(_ bytes: UnsafeRawBufferPointer) throws {
        let text = try JSONValue(parsing: Array(bytes), source: "it", limit: 1 << 20).canonical
        do {
            let again = try JSONValue(parsing: Array(text.utf8), source: "what was written", limit: 8 << 20)
            guard again.canonical == text else { throw Find("it is written as another value") }
        } catch let failure as ToolError {
            throw Find("what was written is refused: \(failure)")
        }
    }
}

/// A fault that is no crash.
struct Find: Error {
    let cause: String

    init(_ cause: String) {
        self.cause = cause
    }
}
