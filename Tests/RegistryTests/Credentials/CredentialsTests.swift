import Failures
import Testing

@testable import Registry

@Suite("Credentials")
struct CredentialsTests {
    @Test("show what kind they are and never the secret, whoever prints them")
    func areNotShown() {
        struct Holder {
            let credentials: [Credentials]
        }
        let holder = Holder(credentials: [
            .none, .password(user: "ann", password: Secret("hunter2")), .identityToken(Secret("hunter2")),
            .registryToken(Secret("hunter2")),
        ])
        var text = "\(holder) \(String(reflecting: holder)) \(holder.credentials)"
        dump(holder, to: &text)
        for credentials in holder.credentials {
            text += "\(credentials) \(String(reflecting: credentials))"
            dump(credentials, to: &text)
        }
        #expect(!text.contains("hunter2"))
        #expect("\(holder.credentials[1])" == "a user's name and password")
        #expect("\(Secret("hunter2"))" == "(secret)")
        #expect(String(reflecting: Secret("hunter2")) == "(secret)")
    }

    @Test("are read from USER:PASSWORD, with colons in the password")
    func areRead() throws {
        #expect(try Credentials(parsing: "ann:a:b") == .password(user: "ann", password: Secret("a:b")))
        #expect(try Credentials(parsing: "ann:") == .password(user: "ann", password: Secret("")))
    }

    @Test("that have no colon or no user are bad usage, and not repeated", arguments: ["hunter2", ":hunter2", ""])
    func badUsage(text: String) throws {
        let failure = try #require(throws: Failure.self) { try Credentials(parsing: text) }
        #expect(failure.code == .usage)
        #expect(failure.why == "they are not of the form USER:PASSWORD")
        #expect(!"\(failure)".contains("hunter2"))
    }
}

@Suite("Base 64")
struct Base64Tests {
    @Test(
        "gives the bytes of RFC 4648's examples, with and without padding",
        arguments: [
            ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"), ("Zg", "f"), ("Zm8", "fo"), ("Zm9v\nYmFy\r\n", "foobar"),
        ])
    func examples(text: String, expected: String) {
        #expect(Base64.decode(text) == Array(expected.utf8))
    }

    @Test("gives every byte") func everyByte() {
        #expect(Base64.decode("+/+/") == [0xFB, 0xFF, 0xBF])
        #expect(Base64.decode("AP8=") == [0x00, 0xFF])
    }

    @Test(
        "that is malformed gives nothing",
        arguments: ["Z", "Zm9vY", "Zg=", "Zh==", "Zm9=", "====", "Zg==Zg==", "Z-==", "Zm9v=", "Zm 9v", "Zm9vYg==="])
    func malformed(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
