import ByteIO
import Compression
import Errors
import Glibc
import OCI
import SystemPackage

/// Writes images as an OCI layout in a directory.
package final class OCILayoutWriter: OCIBlobStore {
    private let directory: FilePath
    private let compressor: Compressor
    private let progress: any Progress
    /// Bytes of all files.
    package private(set) var size: UInt64 = 0

    /// - Parameters:
    ///   - directory: is there, and empty.
    ///   - compressor: of the layers.
    package init(in directory: FilePath, compressor: Compressor, progress: any Progress) {
        self.directory = directory
        self.compressor = compressor
        self.progress = progress
    }

    /// Writes the layout.
    ///
    /// - Returns: what is known of each image, in their order.
    /// - Throws: `ToolError` with code `io`; what the layers throw.
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

    func add(about size: UInt64, _ write: (BlobSink) throws -> Void) throws -> OCIBlob {
        let partial = directory.appending("blobs/partial")
        let blob = try file(partial) { sink in
            let blob = try BlobSink(to: sink)
            try write(blob)
            return OCIBlob(digest: try blob.digest(), size: blob.size)
        }
        let path = directory.appending(OCIBlob.path(blob.digest))
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

/// Where the blobs of a layout are put: a directory, or a tar.
protocol OCIBlobStore: AnyObject {
    /// Puts a blob that is not there yet.
    ///
    /// - Parameters:
    ///   - size: bytes of what it is made from: it has hardly more.
    ///   - write: writes its bytes.
    func add(about size: UInt64, _ write: (BlobSink) throws -> Void) throws -> OCIBlob

    /// Puts a file that is no blob.
    func add(file name: String, _ bytes: [UInt8]) throws
}

extension OCIBlobStore {
    func add(_ bytes: [UInt8]) throws -> OCIBlob {
        try add(about: UInt64(bytes.count)) { try $0.write(bytes) }
    }
}
