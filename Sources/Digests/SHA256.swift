import CLibCrypto

/// A SHA-256 under way, by OpenSSL's EVP, which uses the processor's SHA instructions where it has them.
public final class SHA256 {
    private let context: OpaquePointer

    /// - Throws: `SHA256.Unavailable` if OpenSSL has no SHA-256 to give, as under some FIPS configurations.
    public init() throws {
        guard let context = EVP_MD_CTX_new() else { throw Unavailable() }
        self.context = context
        guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            EVP_MD_CTX_free(context)
            throw Unavailable()
        }
    }

    deinit { EVP_MD_CTX_free(context) }

    public func update(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    public func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The digest of all that was given; the object starts anew.
    public func finish() -> Digest {
        var bytes = [UInt8](repeating: 0, count: 32)
        EVP_DigestFinal_ex(context, &bytes, nil)
        EVP_DigestInit_ex(context, EVP_sha256(), nil)
        return Digest(exactly: bytes)
    }

    /// The digest of `bytes`.
    public static func digest(of bytes: [UInt8]) throws -> Digest {
        let hash = try SHA256()
        hash.update(bytes)
        return hash.finish()
    }

    /// OpenSSL cannot give a SHA-256.
    public struct Unavailable: Error {}
}
