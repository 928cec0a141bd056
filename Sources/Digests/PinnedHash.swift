/// A SHA-256 that somebody wrote down, in one of the forms that Nix takes: 52 digits of its base 32, 64 hexadecimal ones,
/// or base 64; `sha256:` may stand before each; `sha256-` before base 64 makes it an SRI.
///
/// Source: `Hash::parseAny` in Nix's `libutil/hash.cc`.
public struct PinnedHash: Hashable, Sendable {
    public let digest: Digest
    private let prefix: String
    private let base: Base

    private enum Base {
        case nix32, hex, base64
    }

    /// Nil if it has none of the forms.
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
    public func spelling(of digest: Digest) -> String {
        switch base {
        case .nix32: prefix + digest.nixBase32
        case .hex: prefix + digest.hex
        case .base64: prefix + Base64.encode(digest.bytes)
        }
    }
}

extension PinnedHash: CustomStringConvertible {
    public var description: String { spelling(of: digest) }
}
