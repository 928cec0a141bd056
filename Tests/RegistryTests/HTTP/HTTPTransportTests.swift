@testable import Registry
import TestSupport
import Testing

/// Sends to a server that keeps its word, and to servers that do not.
struct HTTPTransportTests {
    private let transport = HTTPTransport { _ in HTTPSettings(timeout: 1) }

    private func url(_ server: ScriptedServer, _ target: String = "/x") throws -> HTTPURL {
        try #require(HTTPURL(server.url + target))
    }

    /// What reading a body to its end throws.
    private func fault(of answer: ScriptedServer.Answer) throws -> HTTPError.Kind? {
        let server = try ScriptedServer { _ in answer }
        do {
            _ = try transport.send(HTTPRequest(.GET, url(server))).bytes(limit: 1 << 20)
            return nil
        } catch let error as HTTPError {
            return error.kind
        }
    }

    @Test func answersComeWhole() throws {
        let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let server = try ScriptedServer { _ in ScriptedServer.Answer(203, [("X-Word", "there")], body: body) }
        let response = try transport.send(HTTPRequest(.GET, url(server, "/a?b=c"), headers: ["X-Mine": "here"]))
        #expect(response.status == 203)
        #expect(response.header("x-word") == "there")
        #expect(try response.bytes(limit: 4_000_000) == body)
        let request = try #require(server.requests.first)
        #expect(request.target == "/a?b=c")
        #expect(request.headers["x-mine"] == "here")
    }

    @Test func bodiesOfAnyLengthAreSent() throws {
        let server = try ScriptedServer { ScriptedServer.Answer(200, body: $0.body) }
        let bytes = (0..<2_500_000).map { UInt8(truncatingIfNeeded: $0 >> 3) }
        for size in [UInt64(bytes.count), nil] {
            let response = try transport.send(
                HTTPRequest(.PUT, url(server), body: .stream(size: size) { try $0.write(bytes) }))
            #expect(try response.bytes(limit: 1 << 22) == bytes)
            #expect((server.requests.last?.headers["transfer-encoding"] == "chunked") == (size == nil))
        }
    }

    @Test func whatTheWriterOfABodyThrowsEndsTheRequest() throws {
        struct Torn: Error {}
        let server = try ScriptedServer { _ in ScriptedServer.Answer(200) }
        #expect(throws: Torn.self) {
            try transport.send(
                HTTPRequest(
                    .PUT, url(server),
                    body: .stream(size: 100) { sink in
                        try sink.write([1, 2, 3])
                        throw Torn()
                    }))
        }
    }

    @Test func breakdownsAreToldApart() throws {
        let body = [UInt8](repeating: 7, count: 100_000)
        var cut = ScriptedServer.Answer(200, body: body)
        cut.cutAfter = 50_000
        #expect(try fault(of: cut) == .closed)
        var silent = ScriptedServer.Answer(200)
        silent.delay = 3
        #expect(try fault(of: silent) == .timeout)
        var dripping = ScriptedServer.Answer(200, body: body)
        dripping.drip = (10, 0.3)
        #expect(try fault(of: dripping) == .timeout)
        var slow = ScriptedServer.Answer(200, body: Array(body.prefix(8000)))
        slow.drip = (2000, 0.4)
        #expect(try fault(of: slow) == nil)
        var short = ScriptedServer.Answer(200, body: body)
        short.length = .falsely(200_000)
        short.cutAfter = 100_000
        #expect(try fault(of: short) == .closed)
        var endless = ScriptedServer.Answer(200, body: body)
        endless.length = .missing
        #expect(try fault(of: endless) == nil)
    }

    @Test func whereNobodyListensThereIsNoConnection() throws {
        let port = try ScriptedServer { _ in ScriptedServer.Answer(200) }.port
        let url = try #require(HTTPURL("http://127.0.0.1:\(port)/"))
        #expect(throws: HTTPError.self) { try transport.send(HTTPRequest(.GET, url)) }
        do {
            _ = try transport.send(HTTPRequest(.GET, url))
        } catch let error as HTTPError {
            #expect(error.kind == .connect)
            #expect(error.description == "connection refused")
        }
    }

    @Test func plainHTTPIsNoTLS() throws {
        let server = try ScriptedServer { _ in ScriptedServer.Answer(200) }
        let url = try #require(HTTPURL("https://\(server.authority)/"))
        do {
            _ = try transport.send(HTTPRequest(.GET, url))
            Issue.record("TLS came about")
        } catch let error as HTTPError {
            #expect(error.kind == .tls)
            #expect(error.description == "it does not speak TLS")
        }
    }

    @Test func anAnswerBeforeTheBodyIsSentIsTaken() throws {
        // Ends the connection after the head, whatever is still sent.
        let server = try ScriptedServer { _ in ScriptedServer.Answer(200) }
        let big = [UInt8](repeating: 1, count: 1 << 20)
        let response = try transport.send(
            HTTPRequest(.PUT, url(server), body: .stream(size: nil) { try $0.write(big) }))
        #expect(response.status == 200)
    }
}
