import ByteIO
import Errors
import Glibc
import OCI
import SystemPackage

/// The last block of a cached rootfs image: the SHA-256 of all bytes before it.
///
/// A rootfs image is named by the digests of the layers that it was made of, which say nothing about its own bytes. The
/// seal tells whether they are still those that were written: without it a bit that flips on the disk would reach the
/// scripts of `runAsRoot`, and so the image. It is in the same file, so that both come into the cache with one rename;
/// a squashfs ends where its superblock says, so the kernel ignores the seal.
enum RootfsImageSeal {
    /// The size of the seal in bytes: a block of a disk, so that QEMU sees whole sectors.
    private static let size = 4096
    private static let magic = "dockertools rootfs image 1\n"
    /// Source: `squashfs_fs.h` of squashfs-tools.
    private static let squashfsMagic = "hsqs"

    /// Appends the seal to a rootfs image.
    ///
    /// - Throws: `ToolError` with code `io`.
    static func append(to path: FilePath) throws {
        let seal = try bytes(for: OpenFile.read(path, name: "\(path)").whole)
        do {
            let file = try FileDescriptor.open(path, .writeOnly, options: [.append, .closeOnExec])
            _ = try file.closeAfter { try file.writeAll(seal) }
        } catch let error as Errno {
            throw ToolError.io("cannot write \(path)", error)
        }
    }

    /// True if a file is a rootfs image with a seal, and has the bytes for which the seal was made.
    ///
    /// A file that is missing or cannot be read is not intact: it is made again.
    static func isIntact(_ path: FilePath) -> Bool {
        guard let file = try? OpenFile.read(path, name: "\(path)"), file.size > UInt64(size) else { return false }
        let content = file.whole.slice(at: 0, size: file.size - UInt64(size))
        guard let head = try? content.slice(at: 0, size: UInt64(squashfsMagic.utf8.count)).bytes(),
            head == Array(squashfsMagic.utf8),
            let seal = try? file.whole.slice(at: content.size, size: UInt64(size)).bytes(),
            // A file of an earlier version has no seal: it is not worth reading.
            seal.starts(with: magic.utf8)
        else { return false }
        return (try? bytes(for: content)) == seal
    }

    /// The seal for the bytes of a rootfs image.
    private static func bytes(for content: FileRange) throws -> [UInt8] {
        let sink = try HashSink()
        try content.copy(to: sink)
        let text = Array("\(magic)\(try sink.finish())\n".utf8)
        return text + [UInt8](repeating: 0, count: size - text.count)
    }
}
