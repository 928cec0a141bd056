import Errors
import OCI

/// The place where the blobs of an OCI layout are written: a directory, or a tar.
protocol OCIBlobStore: AnyObject {
    /// Adds a blob that the layout does not have yet.
    ///
    /// - Parameters:
    ///   - mediaType: the media type of the blob.
    ///   - size: the size in bytes of the blob's input: the blob is hardly larger.
    ///   - write: writes the bytes of the blob.
    /// - Returns: the descriptor of the blob.
    func add(_ mediaType: String, about size: UInt64, _ write: (BlobSink) throws -> Void) throws -> Descriptor

    /// Adds a blob whose digest and size are known.
    ///
    /// - Throws: `ToolError` with code `io` if `write` writes other bytes.
    func add(_ known: Descriptor, _ write: (BlobSink) throws -> Void) throws

    /// Adds a file that is not a blob.
    func add(file name: String, _ bytes: [UInt8]) throws
}

extension OCIBlobStore {
    func add(_ known: Descriptor, _ write: (BlobSink) throws -> Void) throws {
        try Self.require(known, try add(known.mediaType, about: known.size, write))
    }

    /// Requires that a blob is the one that was expected.
    static func require(_ known: Descriptor, _ written: Descriptor) throws {
        guard written == known else {
            throw ToolError(
                .io, "cannot write a blob of the image",
                cause: "a file changed while it was read: the blob is \(written.digest) and not \(known.digest)",
                remedy: "make sure that no program writes to its files, and run again")
        }
    }
}
