import CLibCrypto

/// A SHA-256 digest as images write it: `sha256:` and 64 lower-case hexadecimal digits.
///
/// The grammar is checked before a digest is used for anything, a file name above all (CVE-2024-3727).
public struct Digest: Hashable, Sendable {
    /// The 32 bytes of the digest.
    public let bytes: [UInt8]

    /// Nil unless there are 32 bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// For the hash function of this module, which knows that it has 32.
    init(exactly bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Nil unless `text` is `sha256:` and 64 lower-case hexadecimal digits.
    public init?(_ text: some StringProtocol) {
        guard text.hasPrefix("sha256:") else { return nil }
        self.init(hex: text.dropFirst(7))
    }

    /// Nil unless `hex` is 64 lower-case hexadecimal digits.
    public init?(hex: some StringProtocol) {
        guard let bytes = Hex.decode(hex) else { return nil }
        self.init(bytes: bytes)
    }

    /// The 64 hexadecimal digits without the algorithm's name.
    public var hex: String { Hex.encode(bytes) }
}

extension Digest: CustomStringConvertible {
    /// `sha256:` and the 64 hexadecimal digits.
    public var description: String { "sha256:\(hex)" }
}

extension Digest {
    /// Nix base 32: 52 characters.
    public var nixBase32: String { NixBase32.encode(bytes) }

    /// As Subresource Integrity has it, and Nix of late: `sha256-` and base 64.
    public var sri: String { "sha256-" + Base64.encode(bytes) }
}

/// A SHA-256 under way, by OpenSSL's EVP, which uses the processor's SHA instructions where it has them.
package final class SHA256 {
    private let context: OpaquePointer

    /// - Throws: `SHA256.Unavailable` if OpenSSL has no SHA-256 to give, as under some FIPS configurations.
    package init() throws {
        guard let context = EVP_MD_CTX_new() else { throw Unavailable() }
        self.context = context
        guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            EVP_MD_CTX_free(context)
            throw Unavailable()
        }
    }

    deinit { EVP_MD_CTX_free(context) }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    package func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The digest of all that was given; the object starts anew.
    package func finish() -> Digest {
        var bytes = [UInt8](repeating: 0, count: 32)
        EVP_DigestFinal_ex(context, &bytes, nil)
        EVP_DigestInit_ex(context, EVP_sha256(), nil)
        return Digest(exactly: bytes)
    }

    /// The digest of `bytes`.
    package static func digest(of bytes: [UInt8]) throws -> Digest {
        let hash = try SHA256()
        hash.update(bytes)
        return hash.finish()
    }

    /// OpenSSL cannot give a SHA-256.
    package struct Unavailable: Error {}
}

/// A SHA-256 that somebody wrote down, in one of the forms that Nix takes: 52 digits of its base 32, 64 hexadecimal ones,
/// or base 64; `sha256:` may stand before each; `sha256-` before base 64 makes it an SRI.
///
/// Source: `Hash::parseAny` in Nix's `libutil/hash.cc`.
package struct PinnedHash: Hashable, Sendable {
    package let digest: Digest
    private let prefix: String
    private let base: Base

    private enum Base {
        case nix32, hex, base64
    }

    /// Nil if it has none of the forms.
    package init?(_ text: some StringProtocol) {
        prefix = ["sha256:", "sha256-"].first { text.hasPrefix($0) } ?? ""
        let digits = text.dropFirst(prefix.count)
        let bytes: [UInt8]?
        switch digits.utf8.count {
        case 52 where prefix != "sha256-": (base, bytes) = (.nix32, NixBase32.decode(digits))
        case 64 where prefix != "sha256-": (base, bytes) = (.hex, Hex.decode(digits.lowercased()))
        default: (base, bytes) = (.base64, Base64.decode(digits))
        }
        guard let digest = bytes.flatMap({ Digest(bytes: $0) }) else { return nil }
        self.digest = digest
    }

    /// Another digest in the form that this one was written in.
    package func spelling(of digest: Digest) -> String {
        switch base {
        case .nix32: prefix + digest.nixBase32
        case .hex: prefix + digest.hex
        case .base64: prefix + Base64.encode(digest.bytes)
        }
    }
}

extension PinnedHash: CustomStringConvertible {
    package var description: String { spelling(of: digest) }
}
