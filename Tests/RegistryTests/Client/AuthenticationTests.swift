import Errors
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Registry

/// Tests which server receives which credentials.
@Suite("Authentication")
struct AuthenticationTests {
    private let ann = Credentials.password(user: "ann", password: Secret("hunter2"))

    private func tokenServer(
        host: String = "127.0.0.1",
        _ response: ScriptedServer.Response = ScriptedServer.Response(200, text: #"{"token": "T1"}"#)
    ) throws -> ScriptedServer {
        try ScriptedServer(host: host) { _ in response }
    }

    private func bearer(
        _ realm: String, more: String = #",service="reg 1",scope="repository:team/app:pull""#,
        accepting token: String = "T1"
    ) throws -> ProtectedRegistry {
        try ProtectedRegistry { request in
            request.headers["authorization"] == "Bearer \(token)"
                ? nil : ProtectedRegistry.challenge(#"Bearer realm="\#(realm)"\#(more)"#)
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

    @Test("sends no credentials that are not requested")
    func unasked() throws {
        let registry = try ProtectedRegistry { _ in nil }
        #expect(try pull(registry.client(ann)) == ProtectedRegistry.manifest)
        #expect(ProtectedRegistry.authorized(registry.server) == [])
        #expect(registry.server.lines == ["GET /v2/team/app/manifests/1"])
    }

    @Test("sends user and password on request, and afterwards at once")
    func basic() throws {
        let registry = try ProtectedRegistry { request in
            request.headers["authorization"] == "ann:hunter2".basic
                ? nil : ProtectedRegistry.challenge(#"Basic realm="Registry""#)
        }
        let client = registry.client(ann)
        #expect(try pull(client) == ProtectedRegistry.manifest)
        #expect(try pull(client) == ProtectedRegistry.manifest)
        #expect(registry.server.requests.map { $0.headers["authorization"] != nil } == [false, true, true])
    }

    @Test("explains how to log in if there are no credentials")
    func nobody() throws {
        let registry = try ProtectedRegistry { _ in ProtectedRegistry.challenge(#"Basic realm="Registry""#) }
        let failure = try failure(registry.client())
        #expect(failure.code == .unavailable)
        #expect(failure.cause == "GET \(registry.server.url)/v2/team/app/manifests/1 returned 401")
        #expect(failure.remedy.description.contains("credentials USER:PASSWORD"))
        #expect(registry.server.requests.count == 1)
    }

    @Test("sends credentials to a token server in the specified query, and its token to the registry")
    func token() throws {
        let tokens = try tokenServer()
        let registry = try bearer("\(tokens.url)/token")
        let client = registry.client(ann)
        #expect(try pull(client) == ProtectedRegistry.manifest)
        #expect(try pull(client) == ProtectedRegistry.manifest)
        let asked = try #require(tokens.requests.first)
        #expect(tokens.requests.count == 1)
        #expect(asked.method == "GET")
        #expect(asked.target == "/token?service=reg%201&scope=repository%3Ateam%2Fapp%3Apull")
        #expect(asked.headers["authorization"] == "ann:hunter2".basic)
        let shown = registry.server.requests.map { $0.headers["authorization"] }
        #expect(shown == [nil, "Bearer T1", "Bearer T1"])
    }

    @Test("requests an anonymous token without credentials")
    func anonymousToken() throws {
        let tokens = try tokenServer(ScriptedServer.Response(200, text: #"{"access_token": "T1", "expires_in": 60}"#))
        let registry = try bearer("\(tokens.url)/token")
        #expect(try pull(registry.client()) == ProtectedRegistry.manifest)
        #expect(ProtectedRegistry.authorized(tokens) == [])
    }

    @Test("exchanges an identity token as OAuth 2 specifies")
    func identityToken() throws {
        let tokens = try tokenServer(ScriptedServer.Response(200, text: #"{"access_token": "T1"}"#))
        let registry = try bearer("\(tokens.url)/token")
        #expect(try pull(registry.client(.identityToken(Secret("I+D/=")))) == ProtectedRegistry.manifest)
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

    @Test("sends a registry token unchanged, to the registry only")
    func registryToken() throws {
        let tokens = try tokenServer()
        let registry = try bearer("\(tokens.url)/token", accepting: "R1")
        #expect(try pull(registry.client(.registryToken(Secret("R1")))) == ProtectedRegistry.manifest)
        #expect(tokens.requests.isEmpty)
    }

    @Test("requests a new token when the old one is rejected")
    func expiredToken() throws {
        let count = Mutex(0)
        let tokens = try ScriptedServer { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return ScriptedServer.Response(200, text: #"{"token": "T\#(number)"}"#)
        }
        let good = Mutex("Bearer T1")
        let registry = try ProtectedRegistry { request in
            request.headers["authorization"] == good.withLock { $0 }
                ? nil : ProtectedRegistry.challenge(#"Bearer realm="\#(tokens.url)/token""#)
        }
        let client = registry.client(ann)
        #expect(try pull(client) == ProtectedRegistry.manifest)
        good.withLock { $0 = "Bearer T2" }
        #expect(try pull(client) == ProtectedRegistry.manifest)
        #expect(tokens.requests.count == 2)
    }

    @Test(
        "gives up if the registry rejects the credentials", arguments: [#"Basic realm="x""#, "Bearer realm=\"TOKENS\""])
    func loops(challenge: String) throws {
        let tokens = try tokenServer()
        let registry = try ProtectedRegistry { _ in
            ProtectedRegistry.challenge(challenge.replacing("TOKENS", with: "\(tokens.url)/token"))
        }
        let failure = try failure(registry.client(ann))
        #expect(failure.code == .unavailable)
        #expect(failure.cause.hasSuffix("returned 401"))
        #expect(registry.server.requests.count == 2)
        #expect(tokens.requests.count <= 1)
    }

    @Test(
        "rejects a token server's response without a valid token",
        arguments: [
            (ScriptedServer.Response(200, text: "{}"), "returned no token"),
            (ScriptedServer.Response(200, text: #"{"token": "a\r\nX-Evil: 1"}"#), "returned no token"),
            (ScriptedServer.Response(200, text: #"{"token": ""}"#), "returned no token"),
            (ScriptedServer.Response(200, text: "hunter2"), "returned no token"),
            (
                ScriptedServer.Response(401, text: #"{"details": "incorrect username or password"}"#),
                "returned 401"
            ),
            (ScriptedServer.Response(307, [("Location", "http://127.0.0.1:1/x")], text: ""), "returned 307"),
        ])
    func noToken(response: ScriptedServer.Response, cause: String) throws {
        let tokens = try tokenServer(response)
        let registry = try bearer("\(tokens.url)/token")
        let failure = try failure(registry.client(ann))
        #expect(failure.code == .unavailable)
        #expect(failure.cause.contains(cause), "\(failure)")
        #expect(failure.cause.contains("\(tokens.url)/token"), "\(failure)")
        #expect(tokens.requests.count == 1)
    }

    @Test("sends no credentials to a token server on another host without TLS")
    func plainTokenServer() throws {
        let tokens = try tokenServer(host: "127.0.0.2")
        let registry = try bearer("\(tokens.url)/token")
        for credentials in [ann, .identityToken(Secret("hunter2"))] {
            let failure = try failure(registry.client(credentials))
            #expect(failure.cause.contains("is on another host and has no TLS, so it gets no credentials"))
        }
        #expect(tokens.requests.isEmpty)
        #expect(try pull(registry.client()) == ProtectedRegistry.manifest)
    }

    @Test(
        "sends no credentials to an unsafe token server",
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

    @Test("sends no credentials to a redirect's target, not even on another port of the host")
    func redirects() throws {
        let other = try ScriptedServer(host: "127.0.0.2") { _ in
            ScriptedServer.Response(200, text: ProtectedRegistry.manifest)
        }
        let port = try ScriptedServer { _ in ScriptedServer.Response(200, text: ProtectedRegistry.manifest) }
        for target in [other, port] {
            let registry = try ProtectedRegistry { request in
                guard request.headers["authorization"] == "ann:hunter2".basic else {
                    return ProtectedRegistry.challenge(#"Basic realm="x""#)
                }
                return ScriptedServer.Response(307, [("Location", "\(target.url)/blob?signature=s")], text: "")
            }
            #expect(try pull(registry.client(ann)) == ProtectedRegistry.manifest)
            #expect(target.lines == ["GET /blob"])
            #expect(ProtectedRegistry.authorized(target) == [])
        }
    }

    @Test("logs in to a redirect's target as nobody, with a token for that target alone")
    func challengesOfOthers() throws {
        let tokens = try tokenServer()
        let challenge = #"Bearer realm="\#(tokens.url)/token""#
        let other = try ScriptedServer(host: "127.0.0.2") { request in
            request.headers["authorization"] == nil
                ? ProtectedRegistry.challenge(challenge)
                : ScriptedServer.Response(200, text: ProtectedRegistry.manifest)
        }
        let registry = try ProtectedRegistry { _ in
            ScriptedServer.Response(307, [("Location", "\(other.url)/blob")], text: "")
        }
        #expect(try pull(registry.client(ann)) == ProtectedRegistry.manifest)
        #expect(tokens.requests.count == 1)
        #expect(ProtectedRegistry.authorized(tokens) == [])
        #expect(ProtectedRegistry.authorized(registry.server) == [])
        #expect(ProtectedRegistry.authorized(other) == ["GET /blob Bearer T1"])
    }

    @Test("shows a redirect's target no password")
    func passwordsForOthers() throws {
        let other = try ScriptedServer(host: "127.0.0.2") { _ in ProtectedRegistry.challenge(#"Basic realm="x""#) }
        let registry = try ProtectedRegistry { _ in
            ScriptedServer.Response(307, [("Location", "\(other.url)/blob")], text: "")
        }
        #expect(try failure(registry.client(ann)).cause.hasSuffix("returned 401"))
        #expect(ProtectedRegistry.authorized(other) == [])
    }

    @Test("logs in where a registry hides private repositories", arguments: [403, 404])
    func hidden(status: Int) throws {
        let registry = try ProtectedRegistry { request in
            if request.headers["authorization"] == "ann:hunter2".basic {
                return ScriptedServer.Response(200, text: ProtectedRegistry.manifest)
            }
            return request.path == "/v2/"
                ? ProtectedRegistry.challenge(#"Basic realm="x""#) : ScriptedServer.Response(status, text: "")
        }
        #expect(try pull(registry.client(ann)) == ProtectedRegistry.manifest)
        #expect(try failure(registry.client()).cause.hasSuffix("returned \(status)"))
    }

    @Test("asks for credentials only where a registry requests them")
    func deferred() throws {
        struct Asked: Error {}
        let credentials = DeferredCredentials { throw Asked() }
        let open = try ProtectedRegistry { _ in ScriptedServer.Response(200, text: ProtectedRegistry.manifest) }
        #expect(try pull(open.client(credentials)) == ProtectedRegistry.manifest)
        let missing = try ProtectedRegistry { request in
            ScriptedServer.Response(request.path == "/v2/" ? 200 : 404, text: "")
        }
        #expect(try failure(missing.client(credentials)).cause.hasSuffix("returned 404"))
        let closed = try ProtectedRegistry { _ in ProtectedRegistry.challenge(#"Basic realm="x""#) }
        #expect(throws: Asked.self) { try pull(closed.client(credentials)) }
    }

    @Test("asks for one token for parallel requests of one scope")
    func parallelRequests() throws {
        let tokens = try tokenServer()
        let registry = try ProtectedRegistry { request in
            request.headers["authorization"] == nil
                ? ProtectedRegistry.challenge(#"Bearer realm="\#(tokens.url)/token""#)
                : ScriptedServer.Response(200, text: ProtectedRegistry.manifest)
        }
        let client = registry.client()
        let pulled = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            if (try? pull(client)) == ProtectedRegistry.manifest { pulled.withLock { $0 += 1 } }
        }
        #expect(pulled.withLock { $0 } == 8)
        #expect(tokens.requests.count == 1)
    }

    @Test("sends credentials to a registry that redirects to itself")
    func redirectToItself() throws {
        let registry = try ProtectedRegistry { request in
            guard request.headers["authorization"] == "ann:hunter2".basic else {
                return ProtectedRegistry.challenge(#"Basic realm="x""#)
            }
            return request.path.hasSuffix("/there")
                ? nil : ScriptedServer.Response(307, [("Location", "/v2/team/app/manifests/there")], text: "")
        }
        #expect(try pull(registry.client(ann)) == ProtectedRegistry.manifest)
    }
}

/// A registry with one manifest, which requires authorization.
private struct ProtectedRegistry {
    static let manifest = #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"}"#

    let server: ScriptedServer

    /// - Parameter rejection: the response to an unauthorized request; nil for an authorized one.
    init(
        host: String = "127.0.0.1",
        _ rejection: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Response?
    ) throws {
        server = try ScriptedServer(host: host) { request in
            rejection(request)
                ?? ScriptedServer.Response(
                    200, [("Content-Type", "application/vnd.oci.image.manifest.v1+json")], text: Self.manifest)
        }
    }

    /// The requests with an Authorization header: `METHOD PATH HEADER`.
    static func authorized(_ server: ScriptedServer) -> [String] {
        server.requests.compactMap { request in
            request.headers["authorization"].map { "\(request.method) \(request.path) \($0)" }
        }
    }

    /// The response with a WWW-Authenticate header.
    static func challenge(_ challenge: String) -> ScriptedServer.Response {
        ScriptedServer.Response(401, [("WWW-Authenticate", challenge)], text: "")
    }

    /// A client without retries.
    func client(_ credentials: Credentials = .none, redirectPolicy: RedirectPolicy = RedirectPolicy()) -> RegistryClient
    {
        client(DeferredCredentials(credentials), redirectPolicy: redirectPolicy)
    }

    /// A client without retries.
    func client(_ credentials: DeferredCredentials, redirectPolicy: RedirectPolicy = RedirectPolicy()) -> RegistryClient
    {
        RegistryClient(
            server.authority, task: "cannot pull", transport: HTTPTransport { _ in HTTPSettings(timeout: 60) },
            settings: RegistrySettings(
                credentials: credentials, retries: RetryPolicy(count: 0),
                redirectPolicy: redirectPolicy))
    }
}

extension String {
    /// The Authorization header for `USER:PASSWORD`.
    fileprivate var basic: String { "Basic " + Data(utf8).base64EncodedString() }
}
