import Foundation
import TestSupport
import Testing

/// Tests with a docker-registry that requires tokens of a token server.
@Suite("Login with tokens", .serialized)
struct TokenLoginTests {
    private static let refreshToken = "hunter2-refresh+token/="

    private struct Servers {
        let registry: RegistryServer
        let tokens: PeerServer
    }

    /// - Parameter host: the host in the realm, if it is not the registry's.
    private static func start() throws -> Servers {
        let authority = try TestAuthority()
        try authority.sign("token", hosts: "DNS:tokens.test")
        let files = [
            "token.key": try authority.read("token.key"), "token.cert": try authority.read("token.cert"),
        ]
        let tokens = try PeerServer(
            "token_server.py", [LoginBench.user, LoginBench.password, refreshToken], files: files)
        let registry = try RegistryServer(
            "auth: {token: {realm: \"\(tokens.url)/token\", service: tests registry, issuer: tests, rootcertbundle: DIRECTORY/ca}}",
            files: ["ca": try authority.read("ca.crt")])
        return Servers(registry: registry, tokens: tokens)
    }

    private static let started = Result { try start() }

    private let bench: LoginBench
    private let servers: Servers
    private let creds = ["--creds", "\(LoginBench.user):\(LoginBench.password)"]

    init() throws {
        bench = try LoginBench()
        servers = try Self.started.get()
    }

    private func image(_ name: String) -> String { "\(servers.registry.name)/\(name):1" }

    /// The requests to the token server during a call.
    private func asked(_ body: () throws -> Void) rethrows -> [String] {
        let before = servers.tokens.asked.count
        try body()
        return Array(servers.tokens.asked.dropFirst(before))
    }

    @Test("push and pull get a token for the repository and the action")
    func userAndPassword() throws {
        let push = try asked { try bench.push(image("private/app"), creds) }
        #expect(Set(push) == ["GET user repository:private/app:pull,push"])
        let pull = try asked {
            let outcome = try bench.pull(image("private/app"), creds)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        #expect(pull == ["GET user repository:private/app:pull"])
    }

    @Test("Public images need no credentials")
    func nobody() throws {
        try bench.push(image("public/app"), creds)
        let pull = try asked {
            let outcome = try bench.pull(image("public/app"))
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        #expect(pull == ["GET nobody repository:public/app:pull"])
    }

    @Test("Missing and wrong credentials are an error, and are not retried forever")
    func refused() throws {
        try bench.push(image("private/other"), creds)
        let nobody = try asked {
            let outcome = try bench.pull(image("private/other"))
            #expect(outcome.status == 69)
            #expect(outcome.errors.contains("returned 401"))
            #expect(outcome.errors.contains("--creds USER:PASSWORD"))
        }
        #expect(nobody.count == 1)
        let stranger = try asked {
            let outcome = try bench.pull(image("private/other"), ["--creds", "ann:hunter2"])
            #expect(outcome.status == 69)
            #expect(outcome.errors.contains("\(servers.tokens.url)/token returned 401"))
            #expect(outcome.errors.contains("incorrect username or password"))
        }
        #expect(stranger == ["GET stranger repository:private/other:pull"])
    }

    @Test("An identity token is exchanged for an access token as in OAuth 2")
    func identityToken() throws {
        try bench.push(image("private/third"), creds)
        let login = { (token: String) in
            _ = try bench.write(
                #"{"auths": {"\#(servers.registry.name)": {"auth": "", "identitytoken": "\#(token)"}}}"#,
                to: "home/.docker/config.json")
        }
        try login(Self.refreshToken)
        let good = try asked {
            let outcome = try bench.pull(image("private/third"))
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        #expect(good == ["POST refresh token repository:private/third:pull"])
        try login("hunter2")
        let bad = try asked {
            let outcome = try bench.pull(image("private/third"))
            #expect(outcome.status == 69)
        }
        #expect(bad == ["POST stranger repository:private/third:pull"])
    }

    @Test("Credentials go to a token server with TLS only if its own certificate is trusted")
    func secureTokenServer() throws {
        let authority = try TestAuthority()
        try authority.sign("here", hosts: "IP:127.0.0.1")
        try authority.sign("tokens", hosts: "DNS:localhost")
        let tokens = try PeerServer(
            "token_server.py", [LoginBench.user, LoginBench.password, "", "DIRECTORY/here.cert", "DIRECTORY/here.key"],
            files: [
                "token.key": authority.read("here.key"), "token.cert": authority.read("here.cert"),
                "here.cert": authority.read("tokens.cert"), "here.key": authority.read("tokens.key"),
            ])
        let realm = tokens.url.replacing("127.0.0.1", with: "localhost")
        let registry = try RegistryServer(
            "auth: {token: {realm: \"\(realm)/token\", service: tests registry, issuer: tests, rootcertbundle: DIRECTORY/ca}}",
            http: "tls: {certificate: DIRECTORY/cert, key: DIRECTORY/key}",
            files: [
                "ca": authority.read("ca.crt"), "cert": authority.read("here.cert"), "key": authority.read("here.key"),
            ])
        let image = "\(registry.name)/app:1"
        let certDir = ["--cert-dir", try authority.certDir(in: bench)]
        try bench.push(image, creds + certDir)
        let outcome = try bench.pull(image, creds + certDir)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let count = tokens.asked.count
        let unverified = try bench.pull(image, creds + ["--tls-verify=false"])
        #expect(unverified.status == 69)
        #expect(unverified.errors.contains("its certificate is not signed by a trusted CA"))
        #expect(tokens.asked.count == count)
    }

    @Test("Credentials do not go to another host without TLS")
    func otherHost() throws {
        let tokens = try ScriptedServer(host: "127.0.0.2") { _ in ScriptedServer.Response(200, text: #"{"token": "T"}"#)
        }
        let registry = try RegistryServer(
            "auth: {token: {realm: \"\(tokens.url)/token\", service: s, issuer: i, rootcertbundle: DIRECTORY/ca}}",
            files: ["ca": try TestAuthority().read("ca.crt")])
        let outcome = try bench.pull("\(registry.name)/app:1", creds)
        #expect(outcome.status == 69)
        #expect(outcome.errors.contains("is on another host and has no TLS, so it gets no credentials"))
        #expect(tokens.requests.isEmpty)
    }
}
