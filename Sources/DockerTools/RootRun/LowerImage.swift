import Archives
import Digests
import Failures
import Glibc
import Images
import SystemPackage

/// The file system of a base image as a squashfs, which a virtual machine has for its lower disk. It is made once for each
/// chain of layers, and kept in the cache.
struct LowerImage {
    let surroundings: Surroundings
    let reporter: any Reporter

    /// - Parameter work: where it lies if there is no cache.
    /// - Throws: `Failure` with code `data` if a layer is not what its image says.
    func file(of image: FlattenedImage, in work: WorkFolder) async throws -> FilePath {
        let diffIDs = try image.layers.map { try $0.open().diffID() }
        guard let cache = surroundings.cacheFolder, let chainID = try ChainID.all(diffIDs).last else {
            return try await make(image.tree, "base.squashfs", in: work)
        }
        let file = LowerImages.file(chainID, in: cache)
        if Self.isWhole(file) {
            // The time of its last use is what it is pruned by.
            file.withPlatformString { _ = utimensat(AT_FDCWD, $0, nil, 0) }
            return file
        }
        guard LowerImages.folder(in: cache).makeFolders() else {
            return try await make(image.tree, "base.squashfs", in: work)
        }
        reporter.note(
            "making the virtual machine's disk of the base image, \(ByteCount(image.size)): once for each base")
        // It is kept under the name of what the layers are said to be: so they have to be that.
        let verification = image.beginVerifying()
        let partial = PartialFile(beside: file)
        guard partial.descriptor >= 0 else { throw Failure.io("cannot write \(file)") }
        defer { close(partial.descriptor) }
        do {
            try await sqfstar.make(image.tree, in: partial.path)
            try verification.finish()
            guard fsync(partial.descriptor) == 0,
                partial.path.withPlatformString({ old in file.withPlatformString { rename(old, $0) } }) == 0
            else { throw Failure.io("cannot write \(file)") }
        } catch {
            partial.path.withPlatformString { _ = unlink($0) }
            Cleanup.shared.remove(file: partial.path)
            throw error
        }
        Cleanup.shared.remove(file: partial.path)
        return file
    }

    /// Makes the file system of a tree that is not kept.
    func make(_ tree: FlatTree, _ name: String, in work: WorkFolder) async throws -> FilePath {
        let file = try work.write(name) { _ in }
        try await sqfstar.make(tree, in: file)
        return file
    }

    /// It is made while somebody waits, and read by a processor that may be a slow one.
    private var sqfstar: Sqfstar {
        Sqfstar(surroundings: surroundings, reporter: reporter, compressor: .lz4)
    }

    /// Whether a file is there and as long as its head says.
    ///
    /// Source: `squashfs_fs.h` of squashfs-tools: the magic number, and at 40 the bytes used.
    private static func isWhole(_ file: FilePath) -> Bool {
        guard let head = try? SmallFile.read(file, limit: 95), head.count == 96, head.starts(with: Array("hsqs".utf8))
        else {
            return false
        }
        let used = head[40..<48].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        var status = stat()
        return file.withPlatformString { stat($0, &status) } == 0 && UInt64(status.st_size) >= used
    }
}
