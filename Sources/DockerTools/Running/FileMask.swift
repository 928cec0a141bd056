import Glibc

/// The file mode mask. It must not show in images, and so the program has one of its own, which its scripts get too; the
/// user's is for the outputs alone.
public enum FileMask {
    /// The mask that the program was started with.
    static let ofUser = umask(ofImages)

    private static let ofImages: mode_t = 0o022

    /// Sets the program's own mask. To be called before the first file is made.
    public static func set() { _ = ofUser }
}
