import OCI
import TestSupport
import Testing

struct Base64Tests {
    /// Source: RFC 4648, section 10, and all digits.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func knownForms(_ plain: String, _ encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
        #expect(Base64.decode(encoded.replacing("=", with: "")) == Array(plain.utf8))
    }

    @Test func agreesWithBase64() throws {
        var random = SeededGenerator(seed: 64)
        let bytes = random.bytes(10_000)
        let encoded = String(decoding: try Program.output(["base64", "--wrap", "0"], input: bytes), as: UTF8.self)
        #expect(Base64.encode(bytes) == encoded)
        #expect(Base64.decode(encoded) == bytes)
        #expect(Base64.encode([0xFB, 0xFF, 0xBF]) == "+/+/")
        #expect(Base64.decode("Zm9v\nYmFy\r\n") == Array("foobar".utf8))
    }

    @Test(arguments: ["Z", "Zg=", "Zh==", "Zm9", "Z===", "Zm9v=", "Zg==Zg==", "Zm-v", "Zm_v", "Z g==", "é", "===="])
    func refuses(_ text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
