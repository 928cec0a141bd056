import Failures
import TestSupport
import Testing

@testable import Registry

@Suite("Tokens", .timeLimit(.minutes(1)))
struct TokenTests {
    private typealias Answer = ScriptedServer.Answer

    private let bench: PullBench
    private let image: ScriptedImage
    private let credentials = Credentials.password(user: "ann", password: Secret("s3cret"))
    private static let basic = "Basic YW5uOnMzY3JldA=="

    init() throws {
        bench = try PullBench()
        image = try ScriptedImage(sizes: [100])
    }

    private static func challenge(_ realm: String) -> ScriptedServer.Answer {
        Answer(
            401,
            [("WWW-Authenticate", #"Bearer realm="\#(realm)",service="the registry",scope="repository:team/app:pull""#)])
    }

    /// A registry that takes one token, and its token server.
    private func registry(_ realm: String, taking token: String = "good") throws -> ImageServer {
        try ImageServer(image) { request, honest, _ in
            request.headers["authorization"] == "Bearer \(token)" ? honest : Self.challenge(realm)
        }
    }

    private func tokens(host: String = "127.0.0.1", _ text: String = #"{"token": "good"}"#) throws -> ScriptedServer {
        try ScriptedServer(host: host) { _ in Answer(200, text: text) }
    }

    private func failure(_ registry: ImageServer, _ credentials: Credentials? = nil) throws -> Failure {
        let client = bench.client(registry.authority, credentials ?? self.credentials)
        return try #require(throws: Failure.self) { try bench.image(registry.reference, client) }
    }

    @Test("are asked for once, with what the registry says of them") func asked() throws {
        let tokens = try tokens()
        let registry = try registry("\(tokens.url)/token?a=b")
        let client = bench.client(registry.authority, credentials)
        #expect(try bench.tars(registry.reference, client) == image.tars)
        let request = try #require(tokens.requests.first)
        #expect(tokens.requests.count == 1)
        #expect(request.method == "GET")
        #expect(request.query == ["a": "b", "service": "the registry", "scope": "repository:team/app:pull"])
        #expect(request.headers["authorization"] == Self.basic)
        #expect(registry.requests.map { $0.headers["authorization"] } == [nil] + Array(repeating: "Bearer good", count: 3))
    }

    @Test("are given to anybody where nobody is logged in") func anonymous() throws {
        let tokens = try tokens(#"{"access_token": "good", "token": ""}"#)
        let registry = try registry("\(tokens.url)/token")
        #expect(try bench.tars(registry.reference) == image.tars)
        #expect(tokens.requests.map { $0.headers["authorization"] } == [nil])
    }

    @Test("are given for identity tokens, which are in no address") func identity() throws {
        let tokens = try tokens(#"{"access_token": "good"}"#)
        let registry = try registry("\(tokens.url)/token")
        let client = bench.client(registry.authority, .identityToken(Secret("r3fresh&")))
        #expect(try bench.tars(registry.reference, client) == image.tars)
        let request = try #require(tokens.requests.first)
        #expect(request.method == "POST")
        #expect(request.target == "/token")
        #expect(
            String(decoding: request.body, as: UTF8.self) == """
                grant_type=refresh_token&client_id=dockertools&refresh_token=r3fresh%26&service=the%20registry\
                &scope=repository%3Ateam%2Fapp%3Apull
                """)
    }

    @Test("that are given already are asked for nowhere") func given() throws {
        let tokens = try tokens()
        let registry = try registry("\(tokens.url)/token", taking: "given")
        let client = bench.client(registry.authority, .registryToken(Secret("given")))
        #expect(try bench.tars(registry.reference, client) == image.tars)
        #expect(tokens.requests.isEmpty)
    }

    @Test("that have expired are asked for anew") func expired() throws {
        let tokens = try tokens()
        let registry = try ImageServer(image) { request, honest, count in
            let isExpired = request.path.contains("/blobs/") && count == 0
            return request.headers["authorization"] == "Bearer good" && !isExpired
                ? honest : Self.challenge("\(tokens.url)/token")
        }
        #expect(try bench.tars(registry.reference) == image.tars)
        #expect(tokens.requests.count == 3)
    }

    @Test("that are never taken are not asked for for ever") func loop() throws {
        let tokens = try tokens(#"{"token": "bad"}"#)
        let registry = try registry("\(tokens.url)/token")
        let failure = try failure(registry)
        #expect(failure.code == .unavailable)
        #expect(failure.why == "GET \(registry.url)\(registry.manifestPath) was answered with 401")
        #expect(failure.advice.contains("docker login"))
        #expect(registry.requests.count == 2)
        #expect(tokens.requests.count == 1)
    }

    @Test("are not asked for where the challenge is none", arguments: ["", "Bearer", "Bearer realm=\"", "Digest realm=x"])
    func noChallenge(_ header: String) throws {
        let registry = try ImageServer(image) { _, _, _ in Answer(401, [("WWW-Authenticate", header)]) }
        let failure = try failure(registry)
        #expect(failure.code == .unavailable)
        #expect(failure.why.hasSuffix("was answered with 401"))
        #expect(registry.requests.count == 1)
        #expect(registry.requests[0].headers["authorization"] == nil)
    }

    @Test(
        "are rubbish",
        arguments: [
            "", "good", "[]", "{}", #"{"token": 7}"#, #"{"token": ""}"#, #"{"token": "a\r\nX-Evil: b"}"#,
            #"{"token": "a b"}"#, #"{"token": "é"}"#, #"{"token": null}"#, #"{"token": "\#u{0}"}"#,
        ])
    func rubbish(_ text: String) throws {
        let tokens = try tokens(text)
        let registry = try registry("\(tokens.url)/token?key=k")
        let failure = try failure(registry)
        #expect(failure.code == .unavailable)
        #expect(failure.why == "\(registry.authority): the token server \(tokens.url)/token gives no token")
        #expect(registry.requests.count == 1)
    }

    @Test("are huge, or without end") func huge() throws {
        for isEndless in [false, true] {
            let tokens = try ScriptedServer { _ in
                var answer = Answer(200, text: #"{"token": "\#(String(repeating: "x", count: 2 << 20))"}"#)
                answer.isEndless = isEndless
                return answer
            }
            let registry = try registry("\(tokens.url)/token")
            #expect(try failure(registry).why.hasSuffix("gives no token"))
            #expect(registry.requests.count == 1)
        }
    }

    @Test("are refused to those who are not known") func refused() throws {
        let tokens = try ScriptedServer { _ in Answer(401, text: #"{"details": "incorrect username or password"}"#) }
        let registry = try registry("\(tokens.url)/token")
        let failure = try failure(registry)
        #expect(failure.code == .unavailable)
        #expect(
            failure.why
                == "GET \(tokens.url)/token was answered with 401: incorrect username or password")
        #expect(tokens.requests.count == 1)
        #expect(!failure.description.contains("s3cret"))
    }

    @Test("come from a server that is busy") func busy() throws {
        let registry = try ImageServer(image) { request, honest, count in
            if request.path == "/token" { return count < 2 ? Answer(503) : Answer(200, text: #"{"token": "good"}"#) }
            return request.headers["authorization"] == "Bearer good" ? honest : Self.challenge("/token")
        }
        let client = bench.client(registry.authority, credentials)
        #expect(try bench.tars(registry.reference, client) == image.tars)
        #expect(registry.requests("/token").map { $0.headers["authorization"] } == [Self.basic, Self.basic, Self.basic])
    }

    @Test("come from a server that sends on: nobody follows") func redirected() throws {
        let thief = try tokens()
        let tokens = try ScriptedServer { _ in Answer(307, [("Location", "\(thief.url)/")]) }
        let failure = try failure(registry("\(tokens.url)/token"))
        #expect(failure.code == .unavailable)
        #expect(failure.why.contains("was answered with 307"))
        #expect(thief.requests.isEmpty)
    }

    @Test("of another host without TLS are asked for without credentials alone") func plain() throws {
        let tokens = try tokens(host: "127.0.0.2")
        let registry = try registry("\(tokens.url)/token")
        for credentials in [credentials, .identityToken(Secret("s3cret"))] {
            let failure = try failure(registry, credentials)
            #expect(failure.code == .unavailable)
            #expect(
                failure.why == """
                    the token server \(tokens.url)/token is on another host and without TLS: \
                    it is shown no credentials
                    """)
        }
        #expect(tokens.requests.isEmpty)
        #expect(try bench.tars(registry.reference) == image.tars)
        #expect(tokens.requests.count == 1)
    }

    @Test(
        "are asked for nowhere where no registry should send anybody",
        arguments: [
            "http://169.254.169.254/token", "http://10.0.0.1/token", "https://192.168.1.1/token", "https://[fe80::1]/",
            "file:///etc/shadow", "http://u:p@127.0.0.1/", "https://10.0.0.1%2F/",
        ])
    func privateHosts(_ realm: String) throws {
        for credentials in [credentials, .none] {
            let failure = try failure(registry(realm), credentials)
            #expect(failure.code == .unavailable)
            #expect(failure.why.contains("gives a token server"))
        }
    }

    @Test("of a registry with TLS come from a server with TLS") func downgrade() throws {
        let client = bench.client("registry.example")
        let origin = try #require(HTTPAddress("https://198.51.100.1/v2/"))
        #expect(throws: Failure.self) { try client.safe("http://198.51.100.1/token", from: origin, "token server") }
    }
}
