/// How much the layers of an image may claim of a flat tree before they are refused. The tree is in memory; bodies never
/// are.
public enum FlattenLimits {
    /// Different names that all layers together may have: 4 Mi, at 64 bytes each. Large images have some 500,000; a
    /// tar of this many empty files compresses to a few MiB.
    public static let names = 4 << 20
    /// Bytes of names, link targets, owners' names and extended attributes of all layers together: 512 MiB. A large
    /// image's names come to some 20 MiB.
    public static let texts = 512 << 20
    /// Bytes of a path, and of a link's target: Linux takes no more (PATH_MAX).
    public static let path = 4096
    /// Bytes of one component of a path: Linux takes no more (NAME_MAX).
    public static let component = 255
    /// Bytes of a path below the root, when the links on its way have been followed: with `./` before it and a folder's slash
    /// behind it a reader takes it.
    public static let flatPath = path - 3
    /// Links that are followed on the way to one name: as many as Linux follows (path_resolution(7)).
    public static let links = 40
    /// Layers of one image: what two bytes count. Docker makes at most 128.
    public static let layers = Int(UInt16.max)
}
