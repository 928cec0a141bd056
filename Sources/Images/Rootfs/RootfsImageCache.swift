import OCI
import SystemPackage

/// Where file systems of whole images are kept, for virtual machines: a squashfs each, by the chain ID of its layers.
package enum RootfsImageCache {
    /// - Parameter cache: the program's cache directory.
    package static func directory(in cache: FilePath) -> FilePath { cache.appending("lower") }

    package static func file(_ chainID: Digest, in cache: FilePath) -> FilePath {
        directory(in: cache).appending("\(chainID.hex).squashfs")
    }
}
