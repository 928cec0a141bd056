import Errors
@testable import OCI
@testable import Registry
import TestSupport
import Testing

@Suite("Tokens")
struct TokenTests {
    private typealias Answer = ScriptedServer.Answer

    private let bench: PullFixture
    private let image: ScriptedImage

    init() throws {
        bench = try PullFixture()
        image = try ScriptedImage(sizes: [100])
    }

    private static func challenge(_ realm: String) -> ScriptedServer.Answer {
        Answer(
            401,
            [("WWW-Authenticate", #"Bearer realm="\#(realm)",service="the registry",scope="repository:team/app:pull""#)]
        )
    }

    /// A registry that takes one token, and its token server.
    private func registry(_ realm: String) throws -> ImageServer {
        try ImageServer(image) { request, honest, _ in
            request.headers["authorization"] == "Bearer good" ? honest : Self.challenge(realm)
        }
    }

    private func tokens(_ text: String) throws -> ScriptedServer {
        try ScriptedServer { _ in Answer(200, text: text) }
    }

    private func failure(_ registry: ImageServer) throws -> ToolError {
        let client = bench.client(registry.authority, PullFixture.credentials)
        return try #require(throws: ToolError.self) { try bench.image(registry.reference, client) }
    }

    @Test("are given to anybody where nobody is logged in") func anonymous() throws {
        let tokens = try tokens(#"{"access_token": "good", "token": ""}"#)
        let registry = try registry("\(tokens.url)/token")
        #expect(try bench.tars(registry.reference) == image.tars)
        #expect(tokens.requests.map { $0.headers["authorization"] } == [nil])
    }

    @Test(
        "are not asked for where the challenge is none", arguments: ["", "Bearer", "Bearer realm=\"", "Digest realm=x"])
    func noChallenge(_ header: String) throws {
        let registry = try ImageServer(image) { _, _, _ in Answer(401, [("WWW-Authenticate", header)]) }
        let failure = try failure(registry)
        #expect(failure.code == .unavailable)
        #expect(failure.cause.hasSuffix("returned 401"))
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
        #expect(failure.cause == "\(registry.authority): the token server \(tokens.url)/token returned no token")
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
            #expect(try failure(registry).cause.hasSuffix("returned no token"))
            #expect(registry.requests.count == 1)
        }
    }

    @Test("come from a server that is busy") func busy() throws {
        let registry = try ImageServer(image) { request, honest, count in
            if request.path == "/token" { return count < 2 ? Answer(503) : Answer(200, text: #"{"token": "good"}"#) }
            return request.headers["authorization"] == "Bearer good" ? honest : Self.challenge("/token")
        }
        let client = bench.client(registry.authority, PullFixture.credentials)
        #expect(try bench.tars(registry.reference, client) == image.tars)
        #expect(
            registry.requests("/token").map { $0.headers["authorization"] } == [
                PullFixture.basic, PullFixture.basic, PullFixture.basic,
            ])
    }
}
