import Errors
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import Registry

@Suite("Credential file")
struct CredentialFileTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func sources(
        _ text: String, _ host: String, _ repository: String = ""
    ) throws -> [CredentialFile.Source] {
        let path = try directory.write(Array(text.utf8), to: "config.json")
        let file = try CredentialFile.read(CredentialFileLocation(path: FilePath(path)))
        return try #require(file).sources(for: RegistryKey(host: host, repository: repository))
    }

    private func password(_ user: String, _ password: String) -> CredentialFile.Source {
        .credentials(.password(user: user, password: Secret(password)))
    }

    @Test("has the user and the password in `auth`, with colons in the password")
    func auth() throws {
        // ann:pass:word
        let text = #"{"auths": {"127.0.0.1:5000": {"auth": "YW5uOnBhc3M6d29yZA=="}}}"#
        #expect(try sources(text, "127.0.0.1:5000") == [password("ann", "pass:word")])
        #expect(try sources(text, "127.0.0.1:5001") == [])
        #expect(try sources(text, "127.0.0.1") == [])
    }

    @Test("has passwords without docker's zero padding")
    func zeros() throws {
        // ann:pw and two zeros
        #expect(try sources(#"{"auths": {"a": {"auth": "YW5uOnB3AAA="}}}"#, "a") == [password("ann", "pw")])
    }

    @Test("prefers tokens to passwords, and accepts plain passwords")
    func forms() throws {
        let auth = #""auth": "YW5uOnB3""#
        #expect(
            try sources(#"{"auths": {"a": {\#(auth), "identitytoken": "T"}}}"#, "a")
                == [.credentials(.identityToken(Secret("T")))])
        #expect(
            try sources(#"{"auths": {"a": {\#(auth), "identitytoken": "T", "registrytoken": "R"}}}"#, "a")
                == [.credentials(.registryToken(Secret("R")))])
        #expect(
            try sources(#"{"auths": {"a": {"username": "bob", "password": "x"}}}"#, "a") == [password("bob", "x")])
        #expect(try sources(#"{"auths": {"a": {}, "b": {"auth": "", "email": "x@y"}}}"#, "a") == [])
    }

    @Test("prefers the longest key, then the exact one")
    func longestFirst() throws {
        let text = #"""
            {"auths": {
              "quay.io": {"username": "host", "password": ""},
              "quay.io/team": {"username": "team", "password": ""},
              "quay.io/team/image": {"username": "image", "password": ""},
              "https://quay.io/v1/": {"username": "old", "password": ""}
            }}
            """#
        #expect(try sources(text, "quay.io", "team/image").first == password("image", ""))
        #expect(try sources(text, "quay.io", "team/other").first == password("team", ""))
        #expect(try sources(text, "quay.io", "teams/image").first == password("host", ""))
        #expect(try sources(text, "quay.io") == [password("host", ""), password("old", "")])
    }

    @Test("accepts docker's own key for Docker Hub")
    func dockerHub() throws {
        let text = #"{"auths": {"https://index.docker.io/v1/": {"auth": "YW5uOnB3"}}}"#
        #expect(try sources(text, "docker.io", "library/redis") == [password("ann", "pw")])
        #expect(try sources(text, "index.docker.io") == [password("ann", "pw")])
        #expect(try sources(text, "docker.io.example.com") == [])
    }

    @Test("prefers the registry's helper, then the default helper, then its entries")
    func helpers() throws {
        let text = #"""
            {"auths": {"a": {"auth": "YW5uOnB3"}, "b": {"auth": "YW5uOnB3"}, "d": {"auth": "YW5uOnB3"}},
             "credHelpers": {"b": "pass", "https://c/v2/": "gcloud", "d": ""}, "credsStore": "desktop"}
            """#
        #expect(try sources(text, "a") == [.helper(name: "desktop", server: "a"), password("ann", "pw")])
        #expect(try sources(text, "b") == [.helper(name: "pass", server: "b")])
        #expect(try sources(text, "c") == [.helper(name: "gcloud", server: "https://c/v2/")])
        #expect(try sources(text, "d") == [password("ann", "pw")])
        #expect(
            try sources(text, "docker.io") == [.helper(name: "desktop", server: "https://index.docker.io/v1/")])
    }

    @Test(
        "reports invalid contents with the path and without repeating them",
        arguments: [
            (#"{"auths": {"a": {"auth": "hunter2"#, "it is not valid JSON, or is larger than 4194304 bytes"),
            (#"{"hunter2": 1, "hunter2": 2}"#, "it is not valid JSON, or is larger than 4194304 bytes"),
            ("hunter2", "it is not valid JSON, or is larger than 4194304 bytes"),
            (#"["hunter2"]"#, "it holds a list instead of an object"),
            (#"{"auths": "hunter2"}"#, "its member 'auths' is not an object"),
            (#"{"auths": {"a": "hunter2"}}"#, #"auths["a"] is not an object"#),
            (#"{"auths": {"a": {"auth": "hunter2"}}}"#, #"auths["a"] has a member 'auth' that is not Base64 text"#),
            (#"{"auths": {"a": {"auth": "!hunter2"}}}"#, #"auths["a"] has a member 'auth' that is not Base64 text"#),
            (
                #"{"auths": {"a": {"auth": "aHVudGVyMg=="}}}"#,
                #"auths["a"] has a member 'auth' that is not USER:PASSWORD in Base64"#
            ),
            (
                #"{"auths": {"a": {"identitytoken": ["hunter2"]}}}"#,
                #"auths["a"] has a member 'identitytoken' that is not a string"#
            ),
            (#"{"credHelpers": {"a": ["hunter2"]}}"#, #"credHelpers["a"] is not a string"#),
            (#"{"credsStore": {"hunter2": 1}}"#, "credsStore is not a string"),
        ])
    func malformed(text: String, cause: String) throws {
        let failure = try #require(throws: ToolError.self) { try sources(text, "a") }
        #expect(failure.code == .data)
        #expect(failure.message == "cannot read the credentials in '\(directory.path("config.json"))'")
        #expect(failure.cause == cause)
        #expect(!"\(failure)".contains("hunter2"))
    }

    @Test("ignores an invalid entry for another registry") func otherEntry() throws {
        let text = #"{"auths": {"a": {"auth": "!"}, "b": {"auth": "YW5uOnB3"}}}"#
        #expect(try sources(text, "b") == [password("ann", "pw")])
    }

    @Test("is rejected if it is too large") func tooLong() throws {
        let text = #"{"auths": {}}"# + String(repeating: " ", count: CredentialFile.limit)
        let failure = try #require(throws: ToolError.self) { try sources(text, "a") }
        #expect(failure.code == .data)
    }

    @Test("may be missing unless it was named")
    func missing() throws {
        let path = FilePath(directory.path("none.json"))
        #expect(try CredentialFile.read(CredentialFileLocation(path: path)) == nil)
        #expect(try CredentialFile.read(CredentialFileLocation(path: FilePath(directory.path("no/none.json")))) == nil)
        let failure = try #require(throws: ToolError.self) {
            try CredentialFile.read(CredentialFileLocation(path: path, isRequired: true))
        }
        #expect(failure.code == .data)
        #expect(failure.cause == "the file does not exist")
    }

    @Test("is rejected if it is a directory") func isDirectory() throws {
        let failure = try #require(throws: ToolError.self) {
            try CredentialFile.read(CredentialFileLocation(path: FilePath(directory.path)))
        }
        #expect(failure.code == .io)
        #expect(failure.message == "cannot read the credentials in '\(directory.path)'")
    }
}
