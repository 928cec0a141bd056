import Archives
import Digests
import Failures
import Tar

/// The config of an image that was read.
public struct ArchivedConfig: Sendable {
    /// The bytes: the image ID is the digest of these, and not of any other spelling.
    public let bytes: [UInt8]
    /// The SHA-256 of the bytes.
    public let digest: Digest
    public let value: JSONValue
    /// The digests of the plain layers, as the config says; nothing has compared them with the layers.
    public let diffIDs: [Digest]

    /// - Throws: `Failure` with code `data` if it is no config.
    init(_ bytes: [UInt8], of files: any ImageFiles) throws {
        self.bytes = bytes
        digest = try SHA256.digest(of: bytes)
        value = try files.value(bytes, "the config of \(files.name)")
        guard let texts = value["rootfs"]?["diff_ids"]?.strings else {
            throw files.failure("the config has no rootfs.diff_ids that is a list of strings")
        }
        diffIDs = try texts.enumerated().map { index, text in
            guard let digest = Digest(text) else {
                throw files.failure(
                    "rootfs.diff_ids[\(index)] of the config is \(TarName.quoted(text)), and not 'sha256:' and 64 digits "
                        + "0-9 a-f")
            }
            return digest
        }
    }
}
