import Errors
import TestSupport
import Testing

@testable import Registry

@Suite("Retries")
struct RetryTests {
    private typealias Response = ScriptedServer.Response

    private let fixture: PullFixture
    private let image: ScriptedImage

    init() throws {
        fixture = try PullFixture()
        image = try ScriptedImage(sizes: [100])
    }

    /// A registry that sends another response to the first requests of each path.
    private func registry(_ times: Int, _ response: ScriptedServer.Response) throws -> ScriptedRegistry {
        try ScriptedRegistry(image) { _, correct, count in count < times ? response : correct }
    }

    @Test("repeat a request after a transient error", arguments: [408, 425, 429, 500, 502, 503, 504]) func again(
        _ status: Int
    ) throws {
        let registry = try registry(2, Response(status))
        #expect(try PullFixture().tars(registry.reference) == image.tars)
        #expect(registry.requests.count == 9)
    }

    @Test("end after the given number", arguments: [0, 1, 3]) func limit(_ retries: Int) throws {
        let registry = try registry(.max, Response(500, text: "<h1>no</h1>"))
        let client = fixture.client(registry.authority, retries: retries)
        let failure = try #require(throws: ToolError.self) { try fixture.image(registry.reference, client) }
        #expect(failure.code == .unavailable)
        #expect(failure.message == "cannot pull it")
        #expect(failure.cause == "GET \(registry.url)\(registry.manifestPath) returned 500")
        #expect(registry.requests.count == retries + 1)
    }

    @Test("do not follow a permanent error", arguments: [400, 403, 404, 410, 501, 505])
    func final(_ status: Int) throws {
        let registry = try registry(.max, Response(status))
        let failure = try #require(throws: ToolError.self) { try fixture.image(registry.reference) }
        #expect(failure.code == (status == 404 ? .data : .unavailable))
        // Status 400 may come from a server that requires TLS, 403 and 404 from one that hides private repositories.
        #expect(registry.requests.count == ([400, 403, 404].contains(status) ? 2 : 1))
    }

    @Test("wait for the time in Retry-After") func retryAfter() throws {
        for wait in ["0", "1", "Sun, 06 Nov 1994 08:49:37 GMT"] {
            let registry = try registry(1, Response(429, [("Retry-After", wait)]))
            #expect(try PullFixture().tars(registry.reference) == image.tars)
            #expect(registry.requests.count == 6)
        }
    }

    @Test("do not wait too long for a rate limit, and the error explains it") func tooLong() throws {
        for (wait, words) in [
            ("86400", "86400 s"), ("99999999999999999999999999999999", "1000000000 s"),
        ] {
            let body =
                #"{"errors": [{"code": "TOOMANYREQUESTS", "message": "You have reached your pull rate limit."}]}"#
            let registry = try registry(.max, Response(429, [("Retry-After", wait)], text: body))
            let failure = try #require(throws: ToolError.self) { try fixture.image(registry.reference) }
            #expect(failure.code == .unavailable)
            #expect(
                failure.cause == """
                    the registry's rate limit is exceeded (retry after \(words)): \
                    GET \(registry.url)\(registry.manifestPath) returned 429: \
                    You have reached your pull rate limit.
                    """)
            #expect(
                failure.remedy
                    == "try again later, or log in: registries allow more requests to users who are logged in")
            #expect(registry.requests.count == 1)
        }
    }

    @Test("end with the registry's message, without control characters") func words() throws {
        for (text, shown) in [
            (#"{"errors": [{"code": "DENIED", "message": "no\u001b[2J"}, {"code": "X"}]}"#, ": no\u{FFFD}[2J; X"),
            (#"{"message": "go away"}"#, ": go away"),
            (#"{"details": "quota"}"#, ": quota"),
            (#"{"errors": "none"}"#, ""), ("{", ""), ("", ""),
        ] {
            let registry = try registry(.max, Response(400, text: text))
            let failure = try #require(throws: ToolError.self) { try fixture.image(registry.reference) }
            #expect(failure.cause.hasSuffix("returned 400\(shown)"))
        }
        let long = #"{"message": "\#(String(repeating: "x", count: 5000))"}"#
        let registry = try registry(.max, Response(400, text: long))
        let failure = try #require(throws: ToolError.self) { try fixture.image(registry.reference) }
        #expect(failure.cause.hasSuffix("x"))
        #expect(failure.cause.utf8.count < 500)
    }

    @Test("end if the registry's message is endless") func endless() throws {
        var response = Response(400, text: String(repeating: "x", count: 1000))
        response.isEndless = true
        let registry = try registry(.max, response)
        let failure = try #require(throws: ToolError.self) { try fixture.image(registry.reference) }
        #expect(failure.cause == "GET \(registry.url)\(registry.manifestPath) returned 400")
    }

    @Test("follow a timeout") func silent() throws {
        var response = Response(200)
        response.delay = 20
        let registry = try registry(1, response)
        let client = fixture.client(registry.authority, timeout: 2)
        #expect(try fixture.image(registry.reference, client).imageID.description == image.config)
        let deaf = try self.registry(.max, response)
        let patient = fixture.client(deaf.authority, retries: 1, timeout: 0.2)
        let failure = try #require(throws: ToolError.self) { try fixture.image(deaf.reference, patient) }
        #expect(failure.code == .unavailable)
        #expect(failure.cause == "\(deaf.authority): no response within 0.2 s")
        #expect(deaf.requests.count == 2)
    }

    @Test("do not follow a refused first connection") func gone() throws {
        let authority = try ScriptedServer { _ in Response(200) }.authority
        let failure = try #require(throws: ToolError.self) { try fixture.image("\(authority)/team/app") }
        #expect(failure.code == .unavailable)
        #expect(failure.cause == "\(authority): connection refused")
        #expect(failure.remedy == "check the registry's name, the network and the proxy")
    }
}
