import Images

/// A path at which two images differ.
public struct FileChange: Sendable {
    /// What of a file differs.
    public enum Aspect: String, Sendable {
        case type, mode, owner, size, content, mtime, xattrs
        case linkTarget = "link target"
        case device
        /// Which other names the file has.
        case hardLinks = "hard links"
    }

    /// Below the root, without a slash before it; that of the root is `.`.
    public let path: [UInt8]
    /// Nil where the image does not have the path.
    public let a, b: FlatEntry?
    /// What differs of a path that both have.
    public let aspects: [Aspect]
}
