extension Digest {
    /// Nix base 32: 52 characters.
    public var nixBase32: String { NixBase32.encode(bytes) }

    /// As Subresource Integrity has it, and Nix of late: `sha256-` and base 64.
    public var sri: String { "sha256-" + Base64.encode(bytes) }
}
