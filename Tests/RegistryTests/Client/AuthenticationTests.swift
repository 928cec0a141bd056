import Errors
@testable import Registry
import Synchronization
import TestSupport
import Testing

/// Whom the client shows what to.
@Suite("Who asks")
struct AuthenticationTests {
    private let ann = Credentials.password(user: "ann", password: Secret("hunter2"))

    private func tokenServer(
        host: String = "127.0.0.1",
        _ answer: ScriptedServer.Answer = ScriptedServer.Answer(200, text: #"{"token": "T1"}"#)
    ) throws -> ScriptedServer {
        try ScriptedServer(host: host) { _ in answer }
    }

    private func bearer(
        _ realm: String, more: String = #",service="reg 1",scope="repository:team/app:pull""#,
        accepting token: String = "T1"
    ) throws -> ScriptedRegistry {
        try ScriptedRegistry { request in
            request.headers["authorization"] == "Bearer \(token)"
                ? nil : ScriptedRegistry.challenge(#"Bearer realm="\#(realm)"\#(more)"#)
        }
    }

    private func pull(_ client: RegistryClient) throws -> String {
        String(decoding: try client.manifest("team/app", "1").bytes, as: UTF8.self)
    }

    private func failure(_ client: RegistryClient) throws -> ToolError {
        let failure = try #require(throws: ToolError.self) { try client.manifest("team/app", "1") }
        #expect(!"\(failure)".contains("hunter2"))
        #expect(!"\(failure)".contains("hunter2".basic))
        return failure
    }

    @Test("is told to nobody who does not ask")
    func unasked() throws {
        let registry = try ScriptedRegistry { _ in nil }
        #expect(try pull(registry.client(ann)) == ScriptedRegistry.manifest)
        #expect(ScriptedRegistry.authorized(registry.server) == [])
        #expect(registry.server.lines == ["GET /v2/team/app/manifests/1"])
    }

    @Test("is told by name and password where the registry wants that, once known at once")
    func basic() throws {
        let registry = try ScriptedRegistry { request in
            request.headers["authorization"] == "ann:hunter2".basic
                ? nil : ScriptedRegistry.challenge(#"Basic realm="Registry""#)
        }
        let client = registry.client(ann)
        #expect(try pull(client) == ScriptedRegistry.manifest)
        #expect(try pull(client) == ScriptedRegistry.manifest)
        #expect(registry.server.requests.map { $0.headers["authorization"] != nil } == [false, true, true])
    }

    @Test("that is nobody is an error that says how to log in")
    func nobody() throws {
        let registry = try ScriptedRegistry { _ in ScriptedRegistry.challenge(#"Basic realm="Registry""#) }
        let failure = try failure(registry.client())
        #expect(failure.code == .unavailable)
        #expect(failure.cause == "GET \(registry.server.url)/v2/team/app/manifests/1 returned 401")
        #expect(failure.remedy.description.contains("credentials USER:PASSWORD"))
        #expect(registry.server.requests.count == 1)
    }

    @Test("is told to a token server, in the query that the specification has, and its token to the registry")
    func token() throws {
        let tokens = try tokenServer()
        let registry = try bearer("\(tokens.url)/token")
        let client = registry.client(ann)
        #expect(try pull(client) == ScriptedRegistry.manifest)
        #expect(try pull(client) == ScriptedRegistry.manifest)
        let asked = try #require(tokens.requests.first)
        #expect(tokens.requests.count == 1)
        #expect(asked.method == "GET")
        #expect(asked.target == "/token?service=reg%201&scope=repository%3Ateam%2Fapp%3Apull")
        #expect(asked.headers["authorization"] == "ann:hunter2".basic)
        let shown = registry.server.requests.map { $0.headers["authorization"] }
        #expect(shown == [nil, "Bearer T1", "Bearer T1"])
    }

    @Test("need not be known to a token server")
    func anonymousToken() throws {
        let tokens = try tokenServer(ScriptedServer.Answer(200, text: #"{"access_token": "T1", "expires_in": 60}"#))
        let registry = try bearer("\(tokens.url)/token")
        #expect(try pull(registry.client()) == ScriptedRegistry.manifest)
        #expect(ScriptedRegistry.authorized(tokens) == [])
    }

    @Test("is told by an identity token where there is one, in the form that OAuth 2 has")
    func identityToken() throws {
        let tokens = try tokenServer(ScriptedServer.Answer(200, text: #"{"access_token": "T1"}"#))
        let registry = try bearer("\(tokens.url)/token")
        #expect(try pull(registry.client(.identityToken(Secret("I+D/=")))) == ScriptedRegistry.manifest)
        let asked = try #require(tokens.requests.first)
        #expect(asked.method == "POST")
        #expect(asked.target == "/token")
        #expect(asked.headers["authorization"] == nil)
        #expect(asked.headers["content-type"] == "application/x-www-form-urlencoded")
        #expect(
            String(decoding: asked.body, as: UTF8.self)
                == "grant_type=refresh_token&client_id=dockertools&refresh_token=I%2BD%2F%3D&service=reg%201"
                + "&scope=repository%3Ateam%2Fapp%3Apull")
    }

    @Test("is told by a registry token as it is, to the registry alone")
    func registryToken() throws {
        let tokens = try tokenServer()
        let registry = try bearer("\(tokens.url)/token", accepting: "R1")
        #expect(try pull(registry.client(.registryToken(Secret("R1")))) == ScriptedRegistry.manifest)
        #expect(tokens.requests.isEmpty)
    }

    @Test("is asked anew for a token when the old one is not good any more")
    func expiredToken() throws {
        let count = Mutex(0)
        let tokens = try ScriptedServer { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return ScriptedServer.Answer(200, text: #"{"token": "T\#(number)"}"#)
        }
        let good = Mutex("Bearer T1")
        let registry = try ScriptedRegistry { request in
            request.headers["authorization"] == good.withLock { $0 }
                ? nil : ScriptedRegistry.challenge(#"Bearer realm="\#(tokens.url)/token""#)
        }
        let client = registry.client(ann)
        #expect(try pull(client) == ScriptedRegistry.manifest)
        good.withLock { $0 = "Bearer T2" }
        #expect(try pull(client) == ScriptedRegistry.manifest)
        #expect(tokens.requests.count == 2)
    }

    @Test("is not asked for ever", arguments: [#"Basic realm="x""#, "Bearer realm=\"TOKENS\""])
    func loops(challenge: String) throws {
        let tokens = try tokenServer()
        let registry = try ScriptedRegistry { _ in
            ScriptedRegistry.challenge(challenge.replacing("TOKENS", with: "\(tokens.url)/token"))
        }
        let failure = try failure(registry.client(ann))
        #expect(failure.code == .unavailable)
        #expect(failure.cause.hasSuffix("returned 401"))
        #expect(registry.server.requests.count == 2)
        #expect(tokens.requests.count <= 1)
    }

    @Test(
        "gets no word from a token server that gives none",
        arguments: [
            (ScriptedServer.Answer(200, text: "{}"), "returned no token"),
            (ScriptedServer.Answer(200, text: #"{"token": "a\r\nX-Evil: 1"}"#), "returned no token"),
            (ScriptedServer.Answer(200, text: #"{"token": ""}"#), "returned no token"),
            (ScriptedServer.Answer(200, text: "hunter2"), "returned no token"),
            (
                ScriptedServer.Answer(401, text: #"{"details": "incorrect username or password"}"#),
                "returned 401"
            ),
            (ScriptedServer.Answer(307, [("Location", "http://127.0.0.1:1/x")], text: ""), "returned 307"),
        ])
    func noToken(answer: ScriptedServer.Answer, cause: String) throws {
        let tokens = try tokenServer(answer)
        let registry = try bearer("\(tokens.url)/token")
        let failure = try failure(registry.client(ann))
        #expect(failure.code == .unavailable)
        #expect(failure.cause.contains(cause), "\(failure)")
        #expect(failure.cause.contains("\(tokens.url)/token"), "\(failure)")
        #expect(tokens.requests.count == 1)
    }

    @Test("is not told to a token server on another host without TLS")
    func plainTokenServer() throws {
        let tokens = try tokenServer(host: "127.0.0.2")
        let registry = try bearer("\(tokens.url)/token")
        for credentials in [ann, .identityToken(Secret("hunter2"))] {
            let failure = try failure(registry.client(credentials))
            #expect(failure.cause.contains("is on another host and has no TLS, so it gets no credentials"))
        }
        #expect(tokens.requests.isEmpty)
        #expect(try pull(registry.client()) == ScriptedRegistry.manifest)
    }

    @Test(
        "is not told to a token server that is none that is safe",
        arguments: [
            ("https://169.254.169.254/token", "169.254.169.254 is a link-local address"),
            ("https://10.0.0.1/token", "10.0.0.1 is a private address"),
            ("file:///etc/passwd", "is not a valid URL"), ("", "is not a valid URL"),
            ("https://user:pass@auth.example/", "is not a valid URL"),
        ])
    func unsafeTokenServer(realm: String, cause: String) throws {
        let registry = try bearer(realm)
        for credentials in [ann, .none] {
            #expect(try failure(registry.client(credentials)).cause.contains(cause))
        }
    }

    @Test("is not told to where the registry redirects, not even on another port of its host")
    func redirects() throws {
        let other = try ScriptedServer(host: "127.0.0.2") { _ in
            ScriptedServer.Answer(200, text: ScriptedRegistry.manifest)
        }
        let port = try ScriptedServer { _ in ScriptedServer.Answer(200, text: ScriptedRegistry.manifest) }
        for target in [other, port] {
            let registry = try ScriptedRegistry { request in
                guard request.headers["authorization"] == "ann:hunter2".basic else {
                    return ScriptedRegistry.challenge(#"Basic realm="x""#)
                }
                return ScriptedServer.Answer(307, [("Location", "\(target.url)/blob?signature=s")], text: "")
            }
            #expect(try pull(registry.client(ann)) == ScriptedRegistry.manifest)
            #expect(target.lines == ["GET /blob"])
            #expect(ScriptedRegistry.authorized(target) == [])
        }
    }

    @Test("is not asked by those whom the registry redirects to")
    func challengesOfOthers() throws {
        let tokens = try tokenServer()
        for challenge in [#"Bearer realm="\#(tokens.url)/token""#, #"Basic realm="x""#] {
            let other = try ScriptedServer(host: "127.0.0.2") { _ in ScriptedRegistry.challenge(challenge) }
            let registry = try ScriptedRegistry { _ in
                ScriptedServer.Answer(307, [("Location", "\(other.url)/blob")], text: "")
            }
            #expect(try failure(registry.client(ann)).cause.hasSuffix("returned 401"))
            #expect(tokens.requests.isEmpty)
            #expect(ScriptedRegistry.authorized(registry.server) == [])
            #expect(ScriptedRegistry.authorized(other) == [])
        }
    }

    @Test("is still told to a registry that redirects to itself")
    func redirectToItself() throws {
        let registry = try ScriptedRegistry { request in
            guard request.headers["authorization"] == "ann:hunter2".basic else {
                return ScriptedRegistry.challenge(#"Basic realm="x""#)
            }
            return request.path.hasSuffix("/there")
                ? nil : ScriptedServer.Answer(307, [("Location", "/v2/team/app/manifests/there")], text: "")
        }
        #expect(try pull(registry.client(ann)) == ScriptedRegistry.manifest)
    }
}
