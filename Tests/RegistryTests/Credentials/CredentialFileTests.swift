import Errors
@testable import Registry
import SystemPackage
import TestSupport
import Testing

@Suite("A file of credentials")
struct CredentialFileTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func findings(
        _ text: String, _ host: String, _ repository: String = ""
    ) throws -> [CredentialFile.Finding] {
        let path = try directory.write(Array(text.utf8), to: "config.json")
        let file = try CredentialFile(reading: CredentialPlace(path: FilePath(path)))
        return try #require(file).findings(for: RegistryKey(host: host, repository: repository))
    }

    private func password(_ user: String, _ password: String) -> CredentialFile.Finding {
        .credentials(.password(user: user, password: Secret(password)))
    }

    @Test("gives the user and the password of `auth`, which may hold colons")
    func auth() throws {
        // ann:pass:word
        let text = #"{"auths": {"127.0.0.1:5000": {"auth": "YW5uOnBhc3M6d29yZA=="}}}"#
        #expect(try findings(text, "127.0.0.1:5000") == [password("ann", "pass:word")])
        #expect(try findings(text, "127.0.0.1:5001") == [])
        #expect(try findings(text, "127.0.0.1") == [])
    }

    @Test("loses the zeros that docker pads passwords with")
    func zeros() throws {
        // ann:pw and two zeros
        #expect(try findings(#"{"auths": {"a": {"auth": "YW5uOnB3AAA="}}}"#, "a") == [password("ann", "pw")])
    }

    @Test("gives tokens before passwords, and passwords in the clear")
    func forms() throws {
        let auth = #""auth": "YW5uOnB3""#
        #expect(
            try findings(#"{"auths": {"a": {\#(auth), "identitytoken": "T"}}}"#, "a")
                == [.credentials(.identityToken(Secret("T")))])
        #expect(
            try findings(#"{"auths": {"a": {\#(auth), "identitytoken": "T", "registrytoken": "R"}}}"#, "a")
                == [.credentials(.registryToken(Secret("R")))])
        #expect(
            try findings(#"{"auths": {"a": {"username": "bob", "password": "x"}}}"#, "a") == [password("bob", "x")])
        #expect(try findings(#"{"auths": {"a": {}, "b": {"auth": "", "email": "x@y"}}}"#, "a") == [])
    }

    @Test("prefers the longest key, and one that is written as the registry is")
    func longestFirst() throws {
        let text = #"""
            {"auths": {
              "quay.io": {"username": "host", "password": ""},
              "quay.io/team": {"username": "team", "password": ""},
              "quay.io/team/image": {"username": "image", "password": ""},
              "https://quay.io/v1/": {"username": "old", "password": ""}
            }}
            """#
        #expect(try findings(text, "quay.io", "team/image").first == password("image", ""))
        #expect(try findings(text, "quay.io", "team/other").first == password("team", ""))
        #expect(try findings(text, "quay.io", "teams/image").first == password("host", ""))
        #expect(try findings(text, "quay.io") == [password("host", ""), password("old", "")])
    }

    @Test("knows docker's own key for Docker Hub")
    func dockerHub() throws {
        let text = #"{"auths": {"https://index.docker.io/v1/": {"auth": "YW5uOnB3"}}}"#
        #expect(try findings(text, "docker.io", "library/redis") == [password("ann", "pw")])
        #expect(try findings(text, "index.docker.io") == [password("ann", "pw")])
        #expect(try findings(text, "docker.io.example.com") == [])
    }

    @Test("names the helper of a registry, before one for all, before what stands in the file")
    func helpers() throws {
        let text = #"""
            {"auths": {"a": {"auth": "YW5uOnB3"}, "b": {"auth": "YW5uOnB3"}, "d": {"auth": "YW5uOnB3"}},
             "credHelpers": {"b": "pass", "https://c/v2/": "gcloud", "d": ""}, "credsStore": "desktop"}
            """#
        #expect(try findings(text, "a") == [.helper(name: "desktop", server: "a"), password("ann", "pw")])
        #expect(try findings(text, "b") == [.helper(name: "pass", server: "b")])
        #expect(try findings(text, "c") == [.helper(name: "gcloud", server: "https://c/v2/")])
        #expect(try findings(text, "d") == [password("ann", "pw")])
        #expect(
            try findings(text, "docker.io") == [.helper(name: "desktop", server: "https://index.docker.io/v1/")])
    }

    @Test(
        "that is malformed is an error that names it and shows nothing of it",
        arguments: [
            (#"{"auths": {"a": {"auth": "hunter2"#, "it is no valid JSON, or longer than 4194304 bytes"),
            (#"{"hunter2": 1, "hunter2": 2}"#, "it is no valid JSON, or longer than 4194304 bytes"),
            ("hunter2", "it is no valid JSON, or longer than 4194304 bytes"),
            ("", "it is no valid JSON, or longer than 4194304 bytes"),
            (#"["hunter2"]"#, "it holds a list in place of an object"),
            (#"{"auths": "hunter2"}"#, "its member 'auths' is no object"),
            (#"{"auths": {"a": "hunter2"}}"#, #"auths["a"] is no object"#),
            (#"{"auths": {"a": {"auth": "hunter2"}}}"#, #"auths["a"] has a member 'auth' that is no text in base 64"#),
            (#"{"auths": {"a": {"auth": "!hunter2"}}}"#, #"auths["a"] has a member 'auth' that is no text in base 64"#),
            (
                #"{"auths": {"a": {"auth": "aHVudGVyMg=="}}}"#,
                #"auths["a"] has a member 'auth' that is not USER:PASSWORD in base 64"#
            ),
            (
                #"{"auths": {"a": {"identitytoken": ["hunter2"]}}}"#,
                #"auths["a"] has a member 'identitytoken' that is no text"#
            ),
            (#"{"credHelpers": {"a": ["hunter2"]}}"#, #"credHelpers["a"] is no text"#),
            (#"{"credsStore": {"hunter2": 1}}"#, "credsStore is no text"),
        ])
    func malformed(text: String, cause: String) throws {
        let failure = try #require(throws: ToolError.self) { try findings(text, "a") }
        #expect(failure.code == .data)
        #expect(failure.message == "cannot read the credentials in '\(directory.path("config.json"))'")
        #expect(failure.cause == cause)
        #expect(!"\(failure)".contains("hunter2"))
    }

    @Test("does not mind a malformed entry for another registry") func otherEntry() throws {
        let text = #"{"auths": {"a": {"auth": "!"}, "b": {"auth": "YW5uOnB3"}}}"#
        #expect(try findings(text, "b") == [password("ann", "pw")])
    }

    @Test("that is too long is refused") func tooLong() throws {
        let text = #"{"auths": {}}"# + String(repeating: " ", count: CredentialFile.limit)
        let failure = try #require(throws: ToolError.self) { try findings(text, "a") }
        #expect(failure.code == .data)
    }

    @Test("that is not there is none, unless somebody said that it is")
    func missing() throws {
        let path = FilePath(directory.path("none.json"))
        #expect(try CredentialFile(reading: CredentialPlace(path: path)) == nil)
        #expect(try CredentialFile(reading: CredentialPlace(path: FilePath(directory.path("no/none.json")))) == nil)
        let failure = try #require(throws: ToolError.self) {
            try CredentialFile(reading: CredentialPlace(path: path, isRequired: true))
        }
        #expect(failure.code == .data)
        #expect(failure.cause == "there is no such file")
    }

    @Test("that is a directory cannot be read") func isDirectory() throws {
        let failure = try #require(throws: ToolError.self) {
            try CredentialFile(reading: CredentialPlace(path: FilePath(directory.path)))
        }
        #expect(failure.code == .io)
        #expect(failure.message == "cannot read the credentials in '\(directory.path)'")
    }
}
