import Errors

/// Counts the input and output bytes of a decompressor, and enforces the limits.
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

    /// Counts output.
    ///
    /// - Throws: `ToolError` with code `data` that names the limit, if it is exceeded.
    mutating func count(output more: Int) throws {
        output += UInt64(more)
        if output > limits.output {
            throw failure(
                "it decompresses to more than the limit of \(limits.output) bytes",
                remedy: "set \(.maxLayerSize) to a larger size if you trust its origin")
        }
        if output > limits.ratioFrom, output / max(1, input) >= limits.ratio {
            throw failure(
                "it decompresses to more than \(limits.ratioFrom) bytes and \(limits.ratio) times its size",
                remedy: "set \(.maxRatio) to a larger number if you trust its origin")
        }
    }

    /// The error for damage, or for an exceeded limit.
    func failure(
        _ cause: String, remedy: Remedy = "download or copy it again, and check its origin"
    ) -> ToolError {
        ToolError(.data, "cannot read \(name)", cause: cause, remedy: remedy)
    }
}

/// The limits on a decompressed stream, against decompression bombs.
///
/// The ratio applies only beyond 4 GiB: zeros deflate at 1032:1, and a sparse file is not an attack.
package struct DecompressionLimits: Equatable, Sendable {
    /// The maximum number of decompressed bytes.
    package var output: UInt64
    /// The number of decompressed bytes beyond which `ratio` applies: 4 GiB fit on any machine that handles images.
    package var ratioFrom: UInt64 = 4 << 30
    /// The maximum number of decompressed bytes for each compressed byte: 200. Usual layers have 2 to 10.
    package var ratio: UInt64 = 200
    /// The maximum size of the window of zstd, as a power of two: 27, that is 128 MiB, the default limit of `zstd -d`.
    /// The whole window is in memory.
    package var zstdWindowLog: Int32 = 27
    /// The maximum size of the dictionary of xz in bytes: 128 MiB, twice that of `xz -9`. The whole dictionary is in
    /// memory.
    package var xzDictionary: UInt32 = 128 << 20
    /// The maximum number of zero bytes after a gzip member or an xz stream: 1 MiB. Tapes and some uploads are padded.
    package var padding: UInt64 = 1 << 20

    /// Creates the default limits with a limit on the output.
    package init(output: UInt64) {
        self.output = output
    }

    /// The limits for a layer: 64 GiB, several times the size of the largest published layers.
    package static let layer = DecompressionLimits(output: 64 << 30)
    /// The limits for an archive.
    package static let archive = layer.forArchive

    /// The limits for an archive of layers with these limits: the size of 128 layers, the maximum of overlayfs in Docker.
    package var forArchive: DecompressionLimits {
        var limits = self
        let (product, overflow) = output.multipliedReportingOverflow(by: 128)
        limits.output = overflow ? .max : product
        return limits
    }
}
