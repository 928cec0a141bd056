/// How large an image's own records may be before they are refused.
public enum ImageLimits {
    /// Bytes of a manifest, a config or another JSON member: 4 MiB, as registries have it for manifests.
    public static let json = 4 << 20
    /// Bytes of all JSON members of an archive together: 32 MiB, since they are held until the manifest, which may come
    /// last, tells which of them count, and 64 MiB is what the program may use in all.
    public static let allJSON = 32 << 20
    /// Members of an archive: 65,536. An image has at most 127 layers with three members each.
    public static let members = 65536
}
