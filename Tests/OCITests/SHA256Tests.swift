import OCI
import Testing

struct SHA256Tests {
    /// FIPS 180-4's examples, and NIST's million times `a`.
    @Test(arguments: [
        ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ])
    func knownDigests(_ text: String, _ times: Int, _ hex: String) throws {
        #expect(try SHA256.digest(of: Array(String(repeating: text, count: times).utf8)).hex == hex)
    }

    @Test func takesBytesInParts() throws {
        let hash = try SHA256()
        for byte in "abc".utf8 { hash.update([byte]) }
        hash.update([])
        #expect(hash.finish() == (try SHA256.digest(of: Array("abc".utf8))))
    }

    @Test func startsAnewWhenFinished() throws {
        let hash = try SHA256()
        hash.update(Array("something else".utf8))
        _ = hash.finish()
        #expect(hash.finish().hex.hasPrefix("e3b0c44298fc1c14"))
    }
}
