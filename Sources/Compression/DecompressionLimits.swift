import Errors

/// Counts what goes into a decompressor and what comes out, and refuses what exceeds the limits.
struct DecompressionMeter {
    let limits: DecompressionLimits
    let name: String
    private(set) var input: UInt64 = 0
    private(set) var output: UInt64 = 0

    init(_ limits: DecompressionLimits, name: String) {
        self.limits = limits
        self.name = name
    }

    mutating func count(input more: Int) { input += UInt64(more) }

    /// - Throws: `ToolError` with code `data` that tells the limit.
    mutating func count(output more: Int) throws {
        output += UInt64(more)
        if output > limits.output {
            throw failure("it comes to more than the limit of \(limits.output) bytes")
        }
        if output > limits.ratioFrom, output / max(1, input) >= limits.ratio {
            throw failure(
                "it comes to more than \(limits.ratioFrom) bytes, and more than \(limits.ratio) for each byte of it")
        }
    }

    func failure(_ cause: String) -> ToolError {
        ToolError(.data, "cannot read \(name)", cause: cause, remedy: "get it anew, and check where it comes from")
    }
}

/// How much a compressed stream may come to before it is refused.
///
/// A ratio alone refuses nothing, since zeros deflate 1032:1 and a sparse file is no attack: it counts beyond 4 GiB.
package struct DecompressionLimits: Equatable, Sendable {
    /// The most bytes that a stream may come to.
    package var output: UInt64
    /// From how many bytes of output on the ratio counts: 4 GiB fit on any machine that handles images.
    package var ratioFrom: UInt64 = 4 << 30
    /// The most bytes of output for each byte of input beyond that: 200. File systems of programs come to 2 to 10.
    package var ratio: UInt64 = 200
    /// The largest window of zstd, as a power of two: 27, 128 MiB, which is what `zstd -d` takes by itself. The window
    /// is held in memory whole.
    package var zstdWindowLog: Int32 = 27
    /// The largest dictionary of xz, in bytes: 128 MiB, twice what `xz -9` takes. It is held in memory whole.
    package var xzDictionary: UInt32 = 128 << 20
    /// Zeros behind a member of a gzip file or a stream of xz: 1 MiB. Tapes and some uploads pad to a block.
    package var padding: UInt64 = 1 << 20

    package init(output: UInt64) {
        self.output = output
    }

    /// For a layer: 64 GiB, several times the largest that are published.
    package static let layer = DecompressionLimits(output: 64 << 30)
    /// For a whole archive: 128 layers, the most that overlayfs takes in Docker, each as large as a layer may be.
    package static let archive = DecompressionLimits(output: 128 * (64 << 30))
}
