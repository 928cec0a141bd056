import Archives
import Digests
import Failures
import Glibc
import SystemPackage
import Tar

/// Writes images as an OCI layout in a folder.
public final class OCILayoutWriter: OCIBlobStore {
    private let folder: FilePath
    private let compressor: Compressor
    private let progress: any Progress
    /// Bytes of all files.
    public private(set) var size: UInt64 = 0

    /// - Parameters:
    ///   - folder: is there, and empty.
    ///   - compressor: of the layers.
    public init(in folder: FilePath, compressor: Compressor, progress: any Progress) {
        self.folder = folder
        self.compressor = compressor
        self.progress = progress
    }

    /// Writes the layout.
    ///
    /// - Returns: what is known of each image, in their order.
    /// - Throws: `Failure` with code `io`; what the layers throw.
    public func write(_ images: [any Image]) throws -> [WrittenImage] {
        for name in ["blobs", "blobs/sha256"] {
            let path = folder.appending(name)
            guard path.withPlatformString({ mkdir($0, 0o755) }) == 0 else {
                throw Failure.io("cannot make the folder \(path)")
            }
        }
        var writer = OCIImageWriter(self, compressor: compressor, progress: progress)
        return try writer.write(images).map(\.image)
    }

    func add(about size: UInt64, _ write: (BlobSink) throws -> Void) throws -> OCIBlob {
        let partial = folder.appending("blobs/partial")
        let blob = try file(partial) { sink in
            let blob = try BlobSink(to: sink)
            try write(blob)
            return OCIBlob(digest: try blob.digest(), size: blob.size)
        }
        let path = folder.appending(OCIBlob.path(blob.digest))
        guard partial.withPlatformString({ old in path.withPlatformString { rename(old, $0) } }) == 0 else {
            throw Failure.io("cannot write \(path)")
        }
        self.size += blob.size
        return blob
    }

    func add(file name: String, _ bytes: [UInt8]) throws {
        try file(folder.appending(name)) { try $0.write(bytes) }
        size += UInt64(bytes.count)
    }

    private func file<Result>(_ path: FilePath, _ write: (DescriptorSink) throws -> Result) throws -> Result {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        let descriptor = path.withPlatformString { open($0, flags, 0o644) }
        guard descriptor >= 0 else { throw Failure.io("cannot write \(path)") }
        defer { close(descriptor) }
        let result = try write(DescriptorSink(descriptor, name: "\(path)"))
        guard fsync(descriptor) == 0 else { throw Failure.io("cannot write \(path)") }
        return result
    }
}
