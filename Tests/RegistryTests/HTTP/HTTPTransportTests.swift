import TestSupport
import Testing

@testable import Registry

@Suite("HTTP transport")
struct HTTPTransportTests {
    /// The timeout is for a machine that is busy: only tests of the timeout itself have a short one.
    private let transport = HTTPTransport { _ in HTTPSettings(timeout: 60) }

    private func url(_ server: ScriptedServer, _ target: String = "/x") throws -> HTTPURL {
        try #require(HTTPURL(server.url + target))
    }

    /// The kind of error from reading a body to its end.
    ///
    /// - Parameter timeout: in seconds.
    private func errorKind(of response: ScriptedServer.Response, timeout: Double = 60) throws -> HTTPError.Kind? {
        let server = try ScriptedServer { _ in response }
        let transport = HTTPTransport { _ in HTTPSettings(timeout: timeout) }
        do {
            _ = try transport.send(HTTPRequest(.GET, url(server))).bytes(limit: 1 << 20)
            return nil
        } catch let error as HTTPError {
            return error.kind
        }
    }

    @Test("receives complete responses") func complete() throws {
        let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let server = try ScriptedServer { _ in ScriptedServer.Response(203, [("X-Word", "there")], body: body) }
        let response = try transport.send(HTTPRequest(.GET, url(server, "/a?b=c"), headers: ["X-Mine": "here"]))
        #expect(response.status == 203)
        #expect(response.header("x-word") == "there")
        #expect(try response.bytes(limit: 4_000_000) == body)
        let request = try #require(server.requests.first)
        #expect(request.target == "/a?b=c")
        #expect(request.headers["x-mine"] == "here")
    }

    @Test("sends bodies of any length") func bodies() throws {
        let server = try ScriptedServer { ScriptedServer.Response(200, body: $0.body) }
        let bytes = (0..<2_500_000).map { UInt8(truncatingIfNeeded: $0 >> 3) }
        for size in [UInt64(bytes.count), nil] {
            let response = try transport.send(
                HTTPRequest(.PUT, url(server), body: .stream(size: size) { try $0.write(bytes) }))
            #expect(try response.bytes(limit: 1 << 22) == bytes)
            #expect((server.requests.last?.headers["transfer-encoding"] == "chunked") == (size == nil))
        }
    }

    @Test("ends a request with the error of the body's writer") func writerError() throws {
        struct Torn: Error {}
        let server = try ScriptedServer { _ in ScriptedServer.Response(200) }
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

    @Test("distinguishes errors") func errors() throws {
        let body = [UInt8](repeating: 7, count: 100_000)
        var cut = ScriptedServer.Response(200, body: body)
        cut.cutAfter = 50_000
        #expect(try errorKind(of: cut) == .closed)
        var short = ScriptedServer.Response(200, body: body)
        short.length = .falsely(200_000)
        short.cutAfter = 100_000
        #expect(try errorKind(of: short) == .closed)
        var endless = ScriptedServer.Response(200, body: body)
        endless.length = .missing
        #expect(try errorKind(of: endless) == nil)
    }

    @Test("distinguishes slow servers from unresponsive ones") func timeouts() throws {
        var silent = ScriptedServer.Response(200)
        silent.delay = 10
        #expect(try errorKind(of: silent, timeout: 1) == .timeout)
        let body = [UInt8](repeating: 7, count: 100_000)
        var dripping = ScriptedServer.Response(200, body: body)
        dripping.drip = (10, 0.3)
        #expect(try errorKind(of: dripping, timeout: 1) == .timeout)
        // The whole response takes longer than the timeout; a part of it does not.
        var slow = ScriptedServer.Response(200, body: Array(body.prefix(14000)))
        slow.drip = (2000, 1)
        #expect(try errorKind(of: slow, timeout: 5) == nil)
    }

    @Test("reports a refused connection") func refused() throws {
        let port = try ScriptedServer { _ in ScriptedServer.Response(200) }.port
        let url = try #require(HTTPURL("http://127.0.0.1:\(port)/"))
        #expect(throws: HTTPError.self) { try transport.send(HTTPRequest(.GET, url)) }
        do {
            _ = try transport.send(HTTPRequest(.GET, url))
        } catch let error as HTTPError {
            #expect(error.kind == .connect)
            #expect(error.description == "connection refused")
        }
    }

    @Test("reports a server without TLS") func withoutTLS() throws {
        let server = try ScriptedServer { _ in ScriptedServer.Response(200) }
        let url = try #require(HTTPURL("https://\(server.authority)/"))
        do {
            _ = try transport.send(HTTPRequest(.GET, url))
            Issue.record("the TLS handshake succeeded")
        } catch let error as HTTPError {
            #expect(error.kind == .tls)
            #expect(error.description == "it does not speak TLS")
        }
    }

    @Test("accepts a response before the body is sent") func earlyResponse() throws {
        // The server closes the connection after the head.
        let server = try ScriptedServer { _ in ScriptedServer.Response(200) }
        let big = [UInt8](repeating: 1, count: 1 << 20)
        let response = try transport.send(
            HTTPRequest(.PUT, url(server), body: .stream(size: nil) { try $0.write(big) }))
        #expect(response.status == 200)
    }
}
