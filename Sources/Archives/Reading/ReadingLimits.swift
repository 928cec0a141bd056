/// How much a compressed stream may come to before it is refused.
///
/// A ratio alone refuses nothing, since zeros deflate 1032:1 and a sparse file is no attack: it counts beyond 4 GiB.
public struct ReadingLimits: Equatable, Sendable {
    /// The most bytes that a stream may come to.
    public var output: UInt64
    /// From how many bytes of output on the ratio counts: 4 GiB fit on any machine that handles images.
    public var ratioFrom: UInt64 = 4 << 30
    /// The most bytes of output for each byte of input beyond that: 200. File systems of programs come to 2 to 10.
    public var ratio: UInt64 = 200
    /// The largest window of zstd, as a power of two: 27, 128 MiB, which is what `zstd -d` takes by itself. The window
    /// is held in memory whole.
    public var zstdWindowLog: Int32 = 27
    /// The largest dictionary of xz, in bytes: 128 MiB, twice what `xz -9` takes. It is held in memory whole.
    public var xzDictionary: UInt32 = 128 << 20
    /// Zeros behind a member of a gzip file or a stream of xz: 1 MiB. Tapes and some uploads pad to a block.
    public var padding: UInt64 = 1 << 20

    public init(output: UInt64) {
        self.output = output
    }

    /// For a layer: 64 GiB, several times the largest that are published.
    public static let layer = ReadingLimits(output: 64 << 30)
    /// For a whole archive: 128 layers, the most that overlayfs takes in Docker, each as large as a layer may be.
    public static let archive = ReadingLimits(output: 128 * (64 << 30))
}
