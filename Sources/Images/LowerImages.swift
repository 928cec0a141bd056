import Digests
import SystemPackage

/// Where file systems of whole images are kept, for virtual machines: a squashfs each, by the chain ID of its layers.
public enum LowerImages {
    /// - Parameter cache: the program's cache folder.
    public static func folder(in cache: FilePath) -> FilePath { cache.appending("lower") }

    public static func file(_ chainID: Digest, in cache: FilePath) -> FilePath {
        folder(in: cache).appending("\(chainID.hex).squashfs")
    }
}
