import Errors
import Testing

@testable import Registry

@Suite("Credentials")
struct CredentialsTests {
    @Test("print their kind and never the secret")
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

    @Test("are parsed from USER:PASSWORD, with colons in the password")
    func areRead() throws {
        #expect(try Credentials(parsing: "ann:a:b") == .password(user: "ann", password: Secret("a:b")))
        #expect(try Credentials(parsing: "ann:") == .password(user: "ann", password: Secret("")))
    }

    @Test(
        "without a colon or a user are a usage error that does not repeat them", arguments: ["hunter2", ":hunter2", ""])
    func badUsage(text: String) throws {
        let failure = try #require(throws: ToolError.self) { try Credentials(parsing: text) }
        #expect(failure.code == .usage)
        #expect(failure.cause == "they are not of the form USER:PASSWORD")
        #expect(!"\(failure)".contains("hunter2"))
    }
}

@Suite("Registry key")
struct RegistryKeyTests {
    @Test("has candidates from the repository to the host")
    func candidates() {
        #expect(
            RegistryKey(host: "127.0.0.1:5000", repository: "team/sub/image").candidates
                == [
                    "127.0.0.1:5000/team/sub/image", "127.0.0.1:5000/team/sub", "127.0.0.1:5000/team", "127.0.0.1:5000",
                ])
        #expect(RegistryKey(host: "ghcr.io").candidates == ["ghcr.io"])
    }

    @Test(
        "has one name for Docker Hub", arguments: ["docker.io", "index.docker.io", "registry-1.docker.io", "Docker.IO"])
    func dockerHub(host: String) {
        #expect(RegistryKey(host: host).host == "docker.io")
    }

    @Test(
        "is normalized from all forms in files",
        arguments: [
            ("https://index.docker.io/v1/", "docker.io"), ("index.docker.io", "docker.io"),
            ("docker.io/library/redis", "docker.io/library/redis"), ("https://ghcr.io", "ghcr.io"),
            ("https://ghcr.io/v2/", "ghcr.io"), ("http://127.0.0.1:5000/v1/", "127.0.0.1:5000"),
            ("ghcr.io/v2/", "ghcr.io"), ("ghcr.io/v1", "ghcr.io"), ("GHCR.io/team/", "ghcr.io/team"),
            ("HTTPS://ghcr.io/team", "ghcr.io"), ("quay.io/user/image", "quay.io/user/image"), ("", ""),
        ])
    func normalized(key: String, expected: String) {
        #expect(RegistryKey.normalized(key) == expected)
    }
}
