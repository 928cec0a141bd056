import ByteIO
package import Compression
import Errors
import Glibc
import OCI
package import SystemPackage

/// Writes images as an OCI layout in a directory.
package final class OCILayoutWriter: OCIBlobStore {
    private let directory: FilePath
    private let compressor: Compressor
    private let progress: any Progress
    /// The size of all files in bytes.
    package private(set) var size: UInt64 = 0

    /// - Parameters:
    ///   - directory: an existing, empty directory.
    ///   - compressor: the compressor of the layers.
    ///   - progress: receives the progress of the layers.
    package init(in directory: FilePath, compressor: Compressor, progress: any Progress) {
        self.directory = directory
        self.compressor = compressor
        self.progress = progress
    }

    /// Writes the whole layout.
    ///
    /// - Returns: the summary of each image, in their order.
    /// - Throws: `ToolError` with code `io`; the errors of the layers.
    package func write(_ images: [any Image]) throws -> [ImageSummary] {
        for name in ["blobs", "blobs/sha256"] {
            let path = directory.appending(name)
            guard path.withPlatformString({ mkdir($0, 0o755) }) == 0 else {
                throw ToolError.io("cannot make the directory \(path)")
            }
        }
        var writer = OCIImageWriter(self, compressor: compressor, progress: progress)
        return try writer.write(images).map(\.image)
    }

    func add(_ mediaType: String, about size: UInt64, _ write: (BlobSink) throws -> Void) throws -> Descriptor {
        let partial = directory.appending("blobs/partial")
        let blob = try file(partial) { sink in
            let blob = try BlobSink(to: sink)
            try write(blob)
            return try blob.descriptor(mediaType)
        }
        let path = directory.appending(blob.digest.blobPath)
        guard partial.withPlatformString({ old in path.withPlatformString { rename(old, $0) } }) == 0 else {
            throw ToolError.io("cannot write \(path)")
        }
        self.size += blob.size
        return blob
    }

    func add(file name: String, _ bytes: [UInt8]) throws {
        try file(directory.appending(name)) { try $0.write(bytes) }
        size += UInt64(bytes.count)
    }

    private func file<Result>(_ path: FilePath, _ write: (DescriptorSink) throws -> Result) throws -> Result {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        let descriptor = path.withPlatformString { open($0, flags, 0o644) }
        guard descriptor >= 0 else { throw ToolError.io("cannot write \(path)") }
        defer { close(descriptor) }
        let result = try write(DescriptorSink(descriptor, name: "\(path)"))
        guard fsync(descriptor) == 0 else { throw ToolError.io("cannot write \(path)") }
        return result
    }
}
