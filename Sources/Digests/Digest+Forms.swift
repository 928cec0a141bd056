extension Digest {
    /// Nix base 32: 52 characters.
    public var nixBase32: String { NixBase32.encode(bytes) }
}
