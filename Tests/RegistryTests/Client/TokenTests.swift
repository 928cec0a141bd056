import Errors
import TestSupport
import Testing

@testable import OCI
@testable import Registry

@Suite("Tokens")
struct TokenTests {
    private typealias Response = ScriptedServer.Response

    private let fixture: PullFixture
    private let image: ScriptedImage

    init() throws {
        fixture = try PullFixture()
        image = try ScriptedImage(sizes: [100])
    }

    private static func challenge(_ realm: String) -> ScriptedServer.Response {
        Response(
            401,
            [("WWW-Authenticate", #"Bearer realm="\#(realm)",service="the registry",scope="repository:team/app:pull""#)]
        )
    }

    /// A registry that accepts one token of a token server.
    private func registry(_ realm: String) throws -> ScriptedRegistry {
        try ScriptedRegistry(image) { request, correct, _ in
            request.headers["authorization"] == "Bearer good" ? correct : Self.challenge(realm)
        }
    }

    private func tokens(_ text: String) throws -> ScriptedServer {
        try ScriptedServer { _ in Response(200, text: text) }
    }

    private func failure(_ registry: ScriptedRegistry) throws -> ToolError {
        let client = fixture.client(registry.authority, PullFixture.credentials)
        return try #require(throws: ToolError.self) { try fixture.image(registry.reference, client) }
    }

    @Test("are requested without credentials") func anonymous() throws {
        let tokens = try tokens(#"{"access_token": "good", "token": ""}"#)
        let registry = try registry("\(tokens.url)/token")
        #expect(try fixture.tars(registry.reference) == image.tars)
        #expect(tokens.requests.map { $0.headers["authorization"] } == [nil])
    }

    @Test(
        "are not requested for an invalid challenge", arguments: ["", "Bearer", "Bearer realm=\"", "Digest realm=x"])
    func noChallenge(_ header: String) throws {
        let registry = try ScriptedRegistry(image) { _, _, _ in Response(401, [("WWW-Authenticate", header)]) }
        let failure = try failure(registry)
        #expect(failure.code == .unavailable)
        #expect(failure.cause.hasSuffix("returned 401"))
        #expect(registry.requests.count == 1)
        #expect(registry.requests[0].headers["authorization"] == nil)
    }

    @Test(
        "are rejected if they are invalid",
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

    @Test("are rejected if they are too large or endless") func huge() throws {
        for isEndless in [false, true] {
            let tokens = try ScriptedServer { _ in
                var response = Response(200, text: #"{"token": "\#(String(repeating: "x", count: 2 << 20))"}"#)
                response.isEndless = isEndless
                return response
            }
            let registry = try registry("\(tokens.url)/token")
            #expect(try failure(registry).cause.hasSuffix("returned no token"))
            #expect(registry.requests.count == 1)
        }
    }

    @Test("are requested again from a busy server") func busy() throws {
        let registry = try ScriptedRegistry(image) { request, correct, count in
            if request.path == "/token" {
                return count < 2 ? Response(503) : Response(200, text: #"{"token": "good"}"#)
            }
            return request.headers["authorization"] == "Bearer good" ? correct : Self.challenge("/token")
        }
        let client = fixture.client(registry.authority, PullFixture.credentials)
        #expect(try fixture.tars(registry.reference, client) == image.tars)
        #expect(
            registry.requests("/token").map { $0.headers["authorization"] } == [
                PullFixture.basic, PullFixture.basic, PullFixture.basic,
            ])
    }
}
