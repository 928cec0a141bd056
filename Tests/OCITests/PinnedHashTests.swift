import OCI
import Testing

struct PinnedHashTests {
    private static let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    /// The output of `nix hash to-base32` and `nix hash to-sri`.
    private static let nix32 = "1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s"
    private static let base64 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
    /// The hashes of no bytes, by the same commands.
    private static let other = Digest(hex: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

    @Test(
        "is read in each form that Nix takes, and another is written in the same",
        arguments: [
            (nix32, nix32, "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73"),
            (hex, hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (hex.uppercased(), hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("sha256-\(base64)", "sha256-\(base64)", "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
            (base64, base64, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
            (
                "sha256:\(nix32)", "sha256:\(nix32)",
                "sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73"
            ),
            (
                "sha256:\(hex)", "sha256:\(hex)",
                "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            ),
            ("sha256-\(base64.dropLast())", "sha256-\(base64)", "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        ])
    func forms(written: String, again: String, ofOther: String) throws {
        let hash = try #require(PinnedHash(written))
        #expect(hash.digest.hex == Self.hex)
        #expect(hash.description == again)
        #expect(hash.spelling(of: try #require(Self.other)) == ofOther)
        #expect(hash.digest.sri == "sha256-\(Self.base64)")
    }

    @Test(arguments: [
        "", "sha256:", "sha256-", "sha512-\(base64)", "sha256-\(nix32)", "sha256-\(hex)", "sha256: \(hex)", "\(hex)0",
        "\(nix32)0", "z\(nix32.dropFirst())", "e\(nix32.dropFirst())", "g\(hex.dropFirst())", "sha256-\(base64)=",
        "sha256-\(base64) ", "md5:\(hex)", "sha256:sha256:\(hex)", "sha256-AAAA",
    ])
    func refuses(_ text: String) {
        #expect(PinnedHash(text) == nil)
    }
}
