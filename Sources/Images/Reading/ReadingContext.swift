import Archives

/// What the reading of images needs besides the images.
public struct ReadingContext: Sendable {
    /// Where what can be read but once is kept.
    public var spool: SpoolFolder
    /// Where the digests of layers that were found right are kept, nil for nowhere.
    public var cache: DigestCache?
    /// False if layers are described and not read.
    public var keepsLayers: Bool
    /// What is chosen where an image is there for several.
    public var platform: Platform
    /// Where what contradicts itself is told; nil: it ends the reading.
    public var faults: ImageFaults?

    public init(spool: SpoolFolder, cache: DigestCache?, keepsLayers: Bool, platform: Platform) {
        self.spool = spool
        self.cache = cache
        self.keepsLayers = keepsLayers
        self.platform = platform
    }
}
