/// A SHA-256 digest as images write it: `sha256:` and 64 lowercase hexadecimal digits.
///
/// The grammar is checked before a digest is used for anything, above all for a file name (CVE-2024-3727).
///
/// Source: OCI Image Format Specification, "Digests".
public struct Digest: Hashable, Sendable {
    /// The form of a digest, for errors.
    package static let form = "'sha256:' and 64 digits 0-9 a-f"

    /// The 32 bytes of the digest.
    public let bytes: [UInt8]

    /// Nil unless there are 32 bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Takes the output of SHA-256, which always has 32 bytes.
    init(exactly bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Nil unless `text` is `sha256:` and 64 lowercase hexadecimal digits.
    public init?(_ text: some StringProtocol) {
        guard text.hasPrefix("sha256:") else { return nil }
        self.init(hex: text.dropFirst(7))
    }

    /// Nil unless `hex` is 64 lowercase hexadecimal digits.
    public init?(hex: some StringProtocol) {
        guard let bytes = Hex.decode(hex) else { return nil }
        self.init(bytes: bytes)
    }

    /// The 64 hexadecimal digits without the algorithm's name.
    public var hex: String { Hex.encode(bytes) }

    /// The 52 characters of Nix's base 32.
    public var nixBase32: String { NixBase32.encode(bytes) }

    /// Subresource Integrity's form, which newer versions of Nix write: `sha256-` and base 64.
    public var sri: String { "sha256-" + Base64.encode(bytes) }

    /// The path of the blob in an OCI image layout: `blobs/sha256/…`.
    public var blobPath: String { "blobs/sha256/\(hex)" }
}

extension Digest: CustomStringConvertible {
    /// `sha256:` and 64 hexadecimal digits.
    public var description: String { "sha256:\(hex)" }
}

/// A SHA-256 that a person or a lock file states, in one of the forms that Nix accepts: 52 digits of its base 32, 64
/// hexadecimal digits, or base 64. `sha256:` may precede each; `sha256-` before base 64 makes it an SRI.
///
/// Source: `Hash::parseAny` in Nix's `libutil/hash.cc`.
public struct PinnedHash: Hashable, Sendable {
    /// The digest, whatever form it was written in.
    public let digest: Digest
    private let prefix: String
    private let base: Base

    private enum Base {
        case nix32, hex, base64
    }

    /// Nil if the text has none of the forms.
    public init?(_ text: some StringProtocol) {
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
    /// The hash in the form that it was written in.
    public var description: String { spelling(of: digest) }
}
