import OCI
import Testing

struct DigestTests {
    static let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @Test func readsWhatItWrites() throws {
        let digest = try #require(Digest("sha256:\(Self.hex)"))
        #expect("\(digest)" == "sha256:\(Self.hex)")
        #expect(digest.hex == Self.hex)
        #expect(digest.bytes.count == 32)
        #expect(Digest(hex: Self.hex) == digest)
        #expect(Digest(bytes: digest.bytes) == digest)
    }

    @Test(arguments: [
        "", "sha256:", hex, "sha512:\(hex)", "SHA256:\(hex)", "sha256:\(hex.uppercased())", "sha256:\(hex.dropLast())",
        "sha256:\(hex)0", "sha256:\(hex)00", "sha256:../../etc/passwd", "sha256: \(hex)", "sha256:\(hex)\n",
        "sha256:" + String(repeating: "g", count: 64), "sha256:" + String(repeating: "é", count: 32),
    ])
    func refuses(_ text: String) {
        #expect(Digest(text) == nil)
    }

    @Test(arguments: [0, 31, 33])
    func refusesBytes(_ count: Int) {
        #expect(Digest(bytes: [UInt8](repeating: 0, count: count)) == nil)
    }

    @Test func isWrittenInNixBase32() throws {
        let digest = try #require(Digest(hex: Self.hex))
        // The output of nix-hash --type sha256 --to-base32.
        #expect(digest.nixBase32 == "1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s")
    }
}
