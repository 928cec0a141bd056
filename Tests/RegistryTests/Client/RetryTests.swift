import Errors
@testable import Registry
import TestSupport
import Testing

@Suite("A registry that is busy")
struct BusyRegistryTests {
    private typealias Answer = ScriptedServer.Answer

    private let bench: PullFixture
    private let image: ScriptedImage

    init() throws {
        bench = try PullFixture()
        image = try ScriptedImage(sizes: [100])
    }

    /// A registry that answers otherwise to the first requests of each path.
    private func registry(_ times: Int, _ answer: ScriptedServer.Answer) throws -> ImageServer {
        try ImageServer(image) { _, honest, count in count < times ? answer : honest }
    }

    @Test("is asked again", arguments: [408, 425, 429, 500, 502, 503, 504]) func again(_ status: Int) throws {
        let registry = try registry(2, Answer(status))
        #expect(try PullFixture().tars(registry.reference) == image.tars)
        #expect(registry.requests.count == 9)
    }

    @Test("is asked so often and no more", arguments: [0, 1, 3]) func limit(_ retries: Int) throws {
        let registry = try registry(.max, Answer(500, text: "<h1>no</h1>"))
        let client = bench.client(registry.authority, retries: retries)
        let failure = try #require(throws: ToolError.self) { try bench.image(registry.reference, client) }
        #expect(failure.code == .unavailable)
        #expect(failure.message == "cannot pull it")
        #expect(failure.cause == "GET \(registry.url)\(registry.manifestPath) returned 500")
        #expect(registry.requests.count == retries + 1)
    }

    @Test("is not asked again where that cannot help", arguments: [400, 403, 404, 410, 501, 505])
    func final(_ status: Int) throws {
        let registry = try registry(.max, Answer(status))
        let failure = try #require(throws: ToolError.self) { try bench.image(registry.reference) }
        #expect(failure.code == (status == 404 ? .data : .unavailable))
        // With 400 a server may mean that it speaks TLS.
        #expect(registry.requests.count == (status == 400 ? 2 : 1))
    }

    @Test("is given the time that it asks for") func retryAfter() throws {
        for wait in ["0", "1", "Sun, 06 Nov 1994 08:49:37 GMT"] {
            let registry = try registry(1, Answer(429, [("Retry-After", wait)]))
            #expect(try PullFixture().tars(registry.reference) == image.tars)
            #expect(registry.requests.count == 6)
        }
    }

    @Test("is left alone if it asks for too much, and that is explained") func tooLong() throws {
        for (wait, words) in [
            ("86400", "86400 s"), ("99999999999999999999999999999999", "1000000000 s"),
        ] {
            let body =
                #"{"errors": [{"code": "TOOMANYREQUESTS", "message": "You have reached your pull rate limit."}]}"#
            let registry = try registry(.max, Answer(429, [("Retry-After", wait)], text: body))
            let failure = try #require(throws: ToolError.self) { try bench.image(registry.reference) }
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

    @Test("says why, and no more than a terminal bears") func words() throws {
        for (text, shown) in [
            (#"{"errors": [{"code": "DENIED", "message": "no\u001b[2J"}, {"code": "X"}]}"#, ": no\u{FFFD}[2J; X"),
            (#"{"message": "go away"}"#, ": go away"),
            (#"{"details": "quota"}"#, ": quota"),
            (#"{"errors": "none"}"#, ""), ("{", ""), ("", ""),
        ] {
            let registry = try registry(.max, Answer(400, text: text))
            let failure = try #require(throws: ToolError.self) { try bench.image(registry.reference) }
            #expect(failure.cause.hasSuffix("returned 400\(shown)"))
        }
        let long = #"{"message": "\#(String(repeating: "x", count: 5000))"}"#
        let registry = try registry(.max, Answer(400, text: long))
        let failure = try #require(throws: ToolError.self) { try bench.image(registry.reference) }
        #expect(failure.cause.hasSuffix("x"))
        #expect(failure.cause.utf8.count < 500)
    }

    @Test("says why without end") func endless() throws {
        var answer = Answer(400, text: String(repeating: "x", count: 1000))
        answer.isEndless = true
        let registry = try registry(.max, answer)
        let failure = try #require(throws: ToolError.self) { try bench.image(registry.reference) }
        #expect(failure.cause == "GET \(registry.url)\(registry.manifestPath) returned 400")
    }

    @Test("is silent") func silent() throws {
        var answer = Answer(200)
        answer.delay = 3
        let registry = try registry(1, answer)
        let client = bench.client(registry.authority, timeout: 0.3)
        #expect(try bench.image(registry.reference, client).imageID.description == image.config)
        let deaf = try self.registry(.max, answer)
        let patient = bench.client(deaf.authority, retries: 1, timeout: 0.2)
        let failure = try #require(throws: ToolError.self) { try bench.image(deaf.reference, patient) }
        #expect(failure.code == .unavailable)
        #expect(failure.cause == "\(deaf.authority): no response within 0.2 s")
        #expect(deaf.requests.count == 2)
    }

    @Test("is not there") func gone() throws {
        let authority = try ScriptedServer { _ in Answer(200) }.authority
        let failure = try #require(throws: ToolError.self) { try bench.image("\(authority)/team/app") }
        #expect(failure.code == .unavailable)
        #expect(failure.cause == "\(authority): connection refused")
        #expect(failure.remedy == "check the registry's name, the network and the proxy")
    }
}
