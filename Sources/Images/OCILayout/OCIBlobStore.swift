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

    /// Adds a file that is not a blob.
    func add(file name: String, _ bytes: [UInt8]) throws
}
