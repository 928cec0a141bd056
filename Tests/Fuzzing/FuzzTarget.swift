import Compression
import Errors
import JSON

/// A reader under test. It accepts any bytes and must end with a value or with a `ToolError` that reports the data.
///
/// Anything else is a finding: a crash, an endless loop, unbounded memory, an error of another kind.
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

    /// Runs the reader on `bytes`.
    ///
    /// - Throws: the reader's errors.
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

    /// The source chooses the decompressor by the first bytes, which fuzzers find quickly: each of these targets reaches
    /// all decompressors, and they differ only in their seeds.
    private static func decompress(_ bytes: UnsafeRawBufferPointer) throws {
        // A small limit, so that a refusal is cheap; a prime step, so that blocks cross the ends of the reads.
        var limits = DecompressionLimits(output: 1 << 20)
        limits.zstdWindowLog = 20
        limits.xzDictionary = 1 << 20
        let source = try DecompressingSource(BufferSource(bytes, step: 13), name: "it", limits: limits)
        _ = try BufferSource.drain(source, step: 4099)
    }

    /// Writes the parsed value, parses it and writes it again: the two texts must be equal. The values may differ, as
    /// `1.0` is written as `1`.
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

/// A wrong result without a crash.
struct Find: Error {
    let cause: String

    init(_ cause: String) {
        self.cause = cause
    }
}
