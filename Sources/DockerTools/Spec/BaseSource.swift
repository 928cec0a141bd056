import SystemPackage

/// Where the base of an image comes from.
public enum BaseSource: Hashable, Sendable {
    /// The absolute path of an archive, of a layout, or of the spec that it is made from.
    case path(FilePath)
    /// A registry.
    case pull(PullSpec)
}
