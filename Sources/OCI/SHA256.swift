import CLibCrypto

/// A SHA-256 computation by OpenSSL's EVP, which uses the processor's SHA instructions where it has them.
package final class SHA256 {
    private let context: OpaquePointer

    /// - Throws: `SHA256.Unavailable` if OpenSSL offers no SHA-256, as under some FIPS configurations.
    package init() throws {
        guard let context = EVP_MD_CTX_new() else { throw Unavailable() }
        self.context = context
        guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            EVP_MD_CTX_free(context)
            throw Unavailable()
        }
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Hashes further bytes.
    package func update(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// Hashes further bytes.
    package func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Ends the computation and begins a new one.
    ///
    /// - Returns: the digest of all bytes since the last call.
    package func finish() -> Digest {
        var bytes = [UInt8](repeating: 0, count: 32)
        EVP_DigestFinal_ex(context, &bytes, nil)
        EVP_DigestInit_ex(context, EVP_sha256(), nil)
        return Digest(exactly: bytes)
    }

    /// The digest of `bytes`.
    ///
    /// - Throws: `SHA256.Unavailable`.
    package static func digest(of bytes: [UInt8]) throws -> Digest {
        let hash = try SHA256()
        hash.update(bytes)
        return hash.finish()
    }

    /// The error for an OpenSSL without SHA-256.
    package struct Unavailable: Error {}
}
