/// How large an image's own records may be before they are refused.
public enum ImageLimits {
    /// Bytes of a manifest, a config or another JSON member: 4 MiB, as registries have it for manifests.
    public static let json = 4 << 20
    /// Members of an archive: 65,536. An image has at most 127 layers with three members each.
    public static let members = 65536
}
