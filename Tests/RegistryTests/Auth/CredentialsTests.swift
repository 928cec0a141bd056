import Errors
@testable import Registry
import Testing

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
        #expect("\(holder.credentials[1])" == "a user name and a password")
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
        let failure = try #require(throws: ToolError.self) { try Credentials(parsing: text) }
        #expect(failure.code == .usage)
        #expect(failure.cause == "they are not of the form USER:PASSWORD")
        #expect(!"\(failure)".contains("hunter2"))
    }
}
