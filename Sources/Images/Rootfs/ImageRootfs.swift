package import ByteIO
import Compression
package import OCI
package import SystemPackage

/// The root filesystem of an image, with the layers that it is merged from.
package struct ImageRootfs: Sendable {
    /// The names and metadata of all files.
    package let tree: RootFilesystem
    /// The layers, opened; the lowest first.
    package let layers: [any Layer]

    /// Merges layers.
    ///
    /// - Parameters:
    ///   - layers: the layers, the lowest first.
    ///   - spool: where the tars of layers are written that are not in a file.
    ///   - needsBodies: whether the contents of the files are needed.
    ///   - needsIndex: whether paths are looked up in the tree. Without its index it takes less memory.
    ///   - sizeLimit: the maximum size of a layer in bytes, with its sparse files as whole files.
    /// - Throws: `ToolError` with code `data` for layers that are not valid; the errors of the layers.
    package static func merge(
        _ layers: [any Layer], spool: SpoolDirectory, needsBodies: Bool, needsIndex: Bool = true,
        sizeLimit: UInt64 = DecompressionLimits.layer.output
    ) throws -> ImageRootfs {
        for layer in layers { layer.prefetch() }
        let opened = try OrderedThreadPool.map(layers) { try OpenedLayer($0) }
        var tree = RootFilesystem()
        for layer in opened {
            let tar = try layer.open().uncompressedTar(spool: spool, needsBodies: needsBodies)
            try tree.apply(tar, name: layer.displayName, sizeLimit: sizeLimit)
        }
        if !needsIndex { tree.removeIndex() }
        return ImageRootfs(tree: tree, layers: opened)
    }

    /// The size of all uncompressed layers in bytes.
    package var size: UInt64 { tree.layers.reduce(0) { $0 + $1.size } }

    /// Starts verifying the digests of the layers in the background.
    package func beginVerifying() -> LayerVerification { LayerVerification(layers) }
}

/// The cache of the root filesystems of base images, for virtual machines: a squashfs for each, named by the chain ID
/// of its topmost layer.
package enum RootfsImageCache {
    /// The directory of the root filesystems.
    ///
    /// - Parameter cache: the program's cache directory.
    package static func directory(in cache: FilePath) -> FilePath { cache.appending("lower") }

    /// The path of a root filesystem.
    package static func file(_ chainID: Digest, in cache: FilePath) -> FilePath {
        directory(in: cache).appending("\(chainID.hex).squashfs")
    }
}
