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
    public var description: String { "sha256:\(hex)" }
}
