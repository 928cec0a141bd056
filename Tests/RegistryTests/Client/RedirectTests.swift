import Errors
import TestSupport
import Testing

@testable import Registry

@Suite("Redirects")
struct RedirectTests {
    private typealias Response = ScriptedServer.Response

    private let fixture: PullFixture
    private let image: ScriptedImage

    init() throws {
        fixture = try PullFixture()
        image = try ScriptedImage(sizes: [70_000])
    }

    /// A registry that requires credentials, and redirects requests for the layer.
    private func registry(_ location: String?, status: Int = 307) throws -> ScriptedRegistry {
        try ScriptedRegistry(image) { [layer = image.layers[0]] request, correct, _ in
            guard request.headers["authorization"] == PullFixture.basic else {
                return Response(401, [("WWW-Authenticate", "Basic realm=x")])
            }
            guard request.path.hasSuffix(layer) else { return correct }
            return Response(status, location.map { [("Location", $0)] } ?? [])
        }
    }

    private func tars(_ registry: ScriptedRegistry) throws -> [[UInt8]] {
        try fixture.tars(registry.reference, fixture.client(registry.authority, PullFixture.credentials))
    }

    private func failure(_ registry: ScriptedRegistry) throws -> ToolError {
        try #require(throws: ToolError.self) { try tars(registry) }
    }

    /// Another server, which returns the layer without credentials.
    private func store(_ host: String = "127.0.0.1") throws -> ScriptedServer {
        try ScriptedServer(host: host) { [blob = image.blobs[image.layers[0]] ?? []] _ in Response(200, body: blob) }
    }

    @Test("to another server are followed without credentials", arguments: ["127.0.0.1", "127.0.0.2"])
    func elsewhere(_ host: String) throws {
        for status in [301, 302, 303, 307, 308] {
            let store = try store(host)
            let registry = try registry("\(store.url)/blob?signature=x", status: status)
            let fixture = try PullFixture()
            let client = fixture.client(registry.authority, PullFixture.credentials)
            #expect(try fixture.tars(registry.reference, client) == image.tars)
            let request = try #require(store.requests.first)
            #expect(request.target == "/blob?signature=x")
            #expect(request.headers["authorization"] == nil)
            #expect(request.headers.values.allSatisfy { !$0.contains("YW5u") && !$0.contains("s3cret") })
            #expect(store.requests.count == 1)
        }
    }

    @Test("are followed again when a blob is resumed") func resumed() throws {
        let blob = image.blobs[image.layers[0]] ?? []
        let store = try ScriptedServer { request in
            guard request.headers["range"] == "bytes=50000-" else {
                var response = Response(200, body: blob)
                response.cutAfter = 50_000
                return response
            }
            return Response(206, [("Content-Range", "bytes 50000-\(blob.count - 1)/*")], body: Array(blob[50_000...]))
        }
        let registry = try registry("\(store.url)/blob")
        #expect(try tars(registry) == image.tars)
        #expect(store.requests.map { $0.headers["range"] } == [nil, "bytes=50000-"])
        #expect(store.requests.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test("end after the limit") func endless() throws {
        let inside = try ScriptedRegistry(image) { request, _, _ in Response(307, [("Location", request.path)]) }
        let failure = try #require(throws: ToolError.self) { try fixture.image(inside.reference) }
        #expect(failure.code == .unavailable)
        #expect(failure.cause == "\(inside.authority) redirects more than 10 times")
        #expect(inside.requests.count <= 11)
        let outside = try ScriptedServer { Response(302, [("Location", "\($0.path)x")]) }
        #expect(try self.failure(registry("\(outside.url)/")).cause.hasSuffix("redirects more than 10 times"))
        #expect(outside.requests.count <= 10)
    }

    @Test(
        "to private and link-local hosts are rejected",
        arguments: [
            ("http://169.254.169.254/latest/meta-data", "169.254.169.254 is a link-local address"),
            ("http://10.0.0.1/", "10.0.0.1 is a private address"),
            ("//192.168.7.7:80/x", "192.168.7.7 is a private address"),
            ("http://[fe80::1]/", "fe80::1 is a link-local address"),
            ("http://0.0.0.0:5000/", "0.0.0.0 is an unspecified or multicast address"),
            ("http://2852039166/", "'2852039166' is 169.254.169.254, a link-local address"),
        ])
    func redirectPolicy(_ location: String, _ words: String) throws {
        let failure = try failure(registry(location))
        #expect(failure.code == .unavailable)
        #expect(
            failure.cause.hasSuffix(
                "is not allowed: \(words), which '127.0.0.1' may not redirect to"))
        #expect(!failure.description.contains("s3cret"))
    }

    @Test(
        "to invalid URLs are rejected",
        arguments: [
            "http://169.254.169.254%2F/", "http://user:pass@127.0.0.1/", "file:///etc/passwd", "ftp://127.0.0.1/",
            "http+unix://%2Frun%2Fdocker.sock/", "http://", "https://127.0.0.1:99999/",
        ])
    func malformed(_ location: String) throws {
        let failure = try failure(registry(location))
        #expect(failure.code == .unavailable)
        #expect(failure.cause.hasSuffix("is not a valid URL"))
    }

    @Test("without a URL are rejected") func nowhere() throws {
        let failure = try failure(registry(nil))
        #expect(failure.code == .unavailable)
        #expect(failure.cause.hasSuffix("is not a valid URL"))
    }

    @Test("from https to http are rejected") func downgrade() throws {
        let client = fixture.client("registry.example")
        let origin = try #require(HTTPURL("https://198.51.100.1/v2/a/blobs/x?token=y"))
        let failure = try #require(throws: ToolError.self) {
            try client.safe("http://198.51.100.1/blob", from: origin, "redirect")
        }
        #expect(failure.code == .unavailable)
        #expect(
            failure.cause
                == "the redirect from https://198.51.100.1/v2/a/blobs/x to http://198.51.100.1 is not encrypted")
        #expect(try client.safe("https://198.51.100.2/blob", from: origin, "redirect").origin.host == "198.51.100.2")
        #expect(throws: ToolError.self) { try client.safe("https://127.0.0.1/", from: origin, "redirect") }
        #expect(throws: ToolError.self) { try client.safe("https://localhost:5000/", from: origin, "redirect") }
    }
}
