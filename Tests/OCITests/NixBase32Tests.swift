import OCI
import TestSupport
import Testing

struct NixBase32Tests {
    /// From `nix-hash --type … --to-base32`.
    @Test(arguments: [
        ("", ""),
        ("d41d8cd98f00b204e9800998ecf8427e", "3y8bwfr609h3lh9ch0izcqq7fl"),
        ("da39a3ee5e6b4b0d3255bfef95601890afd80709", "143xibwh31h9bvxzalr0sjvbbvpa6ffs"),
        (
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73"
        ),
    ])
    func knownForms(_ hex: String, _ base32: String) throws {
        let bytes = try #require(Hex.decode(hex))
        #expect(NixBase32.encode(bytes) == base32)
        #expect(NixBase32.decode(base32) == bytes)
    }

    @Test func agreesWithNix() throws {
        var random = SeededGenerator(seed: 32)
        let hashes = (0..<20).map { _ in random.bytes(20) }
        let output = try Program.run(
            ["nix-hash", "--type", "sha1", "--to-base32"] + hashes.map { Hex.encode($0) })
        #expect(output.text.split(separator: "\n").map(String.init) == hashes.map { NixBase32.encode($0) })
    }

    @Test func readsWhatItWrites() {
        var random = SeededGenerator(seed: 1)
        for count in 0...64 {
            let bytes = random.bytes(count)
            #expect(NixBase32.decode(NixBase32.encode(bytes)) == bytes)
        }
    }

    /// Letters outside the alphabet, lengths of no whole number of bytes, bits beyond the last byte.
    @Test(arguments: ["e0", "0o", "t0", "u0", "A0", "-0", "0", "000", "80", "zz", "é"])
    func refuses(_ text: String) {
        #expect(NixBase32.decode(text) == nil)
    }
}
