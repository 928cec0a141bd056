import Archives
import Digests

/// Where the blobs of a layout are put: a folder, or a tar.
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
