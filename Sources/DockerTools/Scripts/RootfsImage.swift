import ByteIO
import Errors
import Glibc
import Images
import OCI
import SystemPackage

/// Makes the rootfs image of a base image: its root file system as a squashfs, for the lower disk of a virtual machine.
///
/// A rootfs image is made once for each chain of layers, and kept in the cache directory. It is verified before each
/// use: a damaged one is made again.
struct RootfsImage {
    let context: Context

    /// The rootfs image of a base image, from the cache if it is there.
    ///
    /// - Parameter work: the directory of the file if there is no cache.
    /// - Throws: `ToolError` with code `data` if a layer does not have the digest that its image has for it.
    func file(of image: ImageRootfs, in work: WorkDirectory) async throws -> FilePath {
        let diffIDs = try image.layers.map { try $0.open().diffID() }
        guard let cache = context.cacheDirectory, let chainID = try ChainID.all(diffIDs).last else {
            return try await make(image.tree, "base.squashfs", in: work)
        }
        let file = RootfsImageCache.file(chainID, in: cache.path)
        guard cache.trusts(directory: file.removingLastComponent()) else {
            return try await make(image.tree, "base.squashfs", in: work)
        }
        if Self.isOwn(file, in: cache), RootfsImageSeal.isIntact(file) {
            // The cache is pruned by the time of the last use.
            file.withPlatformString { _ = utimensat(AT_FDCWD, $0, nil, 0) }
            return file
        }
        guard file.removingLastComponent().makeDirectories() else {
            return try await make(image.tree, "base.squashfs", in: work)
        }
        context.reporter.note(
            "making the virtual machine's disk of the base image, \(ByteCount(image.size)): once for each base")
        try await make(image, at: file)
        return file
    }

    /// Makes a rootfs image that is not cached.
    func make(_ rootfs: RootFilesystem, _ name: String, in work: WorkDirectory) async throws -> FilePath {
        let file = try work.write(name) { _ in }
        try await sqfstar.make(rootfs, in: file)
        return file
    }

    /// Makes a rootfs image beside its place in the cache, and renames it.
    private func make(_ image: ImageRootfs, at file: FilePath) async throws {
        // The name in the cache is made of the layers' digests, so the layers are compared with them.
        let verification = image.beginVerifying()
        let partial = PartialFile(beside: file, context.cleanup)
        guard partial.descriptor >= 0 else { throw ToolError.io("cannot write \(file)") }
        defer { close(partial.descriptor) }
        do {
            try await sqfstar.make(image.tree, in: partial.path)
            try RootfsImageSeal.append(to: partial.path)
            try verification.finish()
            guard fsync(partial.descriptor) == 0,
                partial.path.withPlatformString({ old in file.withPlatformString { rename(old, $0) } }) == 0
            else { throw ToolError.io("cannot write \(file)") }
        } catch {
            partial.path.withPlatformString { _ = unlink($0) }
            context.cleanup.remove(file: partial.path)
            throw error
        }
        context.cleanup.remove(file: partial.path)
    }

    /// lz4, since the user waits for the compression, and the guest's processor may be emulated.
    private var sqfstar: Sqfstar {
        Sqfstar(context: context, compressor: .lz4)
    }

    /// Whether a file can be opened, and no other user can have written it.
    private static func isOwn(_ file: FilePath, in cache: CacheDirectory) -> Bool {
        let descriptor = file.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) }
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return cache.trusts(descriptor, of: file)
    }
}
