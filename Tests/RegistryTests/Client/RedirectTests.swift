import Errors
@testable import Registry
import TestSupport
import Testing

@Suite("Redirects")
struct RedirectTests {
    private typealias Answer = ScriptedServer.Answer

    private let bench: PullFixture
    private let image: ScriptedImage

    init() throws {
        bench = try PullFixture()
        image = try ScriptedImage(sizes: [70_000])
    }

    /// A registry that wants to know who asks, and sends those who ask for a layer somewhere.
    private func registry(_ location: String?, status: Int = 307) throws -> ImageServer {
        try ImageServer(image) { [layer = image.layers[0]] request, honest, _ in
            guard request.headers["authorization"] == PullFixture.basic else {
                return Answer(401, [("WWW-Authenticate", "Basic realm=x")])
            }
            guard request.path.hasSuffix(layer) else { return honest }
            return Answer(status, location.map { [("Location", $0)] } ?? [])
        }
    }

    private func tars(_ registry: ImageServer) throws -> [[UInt8]] {
        try bench.tars(registry.reference, bench.client(registry.authority, PullFixture.credentials))
    }

    private func failure(_ registry: ImageServer) throws -> ToolError {
        try #require(throws: ToolError.self) { try tars(registry) }
    }

    /// Another server, which has the blobs for all who ask.
    private func store(_ host: String = "127.0.0.1") throws -> ScriptedServer {
        try ScriptedServer(host: host) { [blob = image.blobs[image.layers[0]] ?? []] _ in Answer(200, body: blob) }
    }

    @Test("to another server are followed without credentials", arguments: ["127.0.0.1", "127.0.0.2"])
    func elsewhere(_ host: String) throws {
        for status in [301, 302, 303, 307, 308] {
            let store = try store(host)
            let registry = try registry("\(store.url)/blob?signature=x", status: status)
            let bench = try PullFixture()
            let client = bench.client(registry.authority, PullFixture.credentials)
            #expect(try bench.tars(registry.reference, client) == image.tars)
            let request = try #require(store.requests.first)
            #expect(request.target == "/blob?signature=x")
            #expect(request.headers["authorization"] == nil)
            #expect(request.headers.values.allSatisfy { !$0.contains("YW5u") && !$0.contains("s3cret") })
            #expect(store.requests.count == 1)
        }
    }

    @Test("are followed each time that a cut blob is asked for") func resumed() throws {
        let blob = image.blobs[image.layers[0]] ?? []
        let store = try ScriptedServer { request in
            guard request.headers["range"] == "bytes=50000-" else {
                var answer = Answer(200, body: blob)
                answer.cutAfter = 50_000
                return answer
            }
            return Answer(206, [("Content-Range", "bytes 50000-\(blob.count - 1)/*")], body: Array(blob[50_000...]))
        }
        let registry = try registry("\(store.url)/blob")
        #expect(try tars(registry) == image.tars)
        #expect(store.requests.map { $0.headers["range"] } == [nil, "bytes=50000-"])
        #expect(store.requests.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test("without end are left") func endless() throws {
        let inside = try ImageServer(image) { request, _, _ in Answer(307, [("Location", request.path)]) }
        let failure = try #require(throws: ToolError.self) { try bench.image(inside.reference) }
        #expect(failure.code == .unavailable)
        #expect(failure.cause == "\(inside.authority) redirects more than 10 times")
        #expect(inside.requests.count <= 11)
        let outside = try ScriptedServer { Answer(302, [("Location", "\($0.path)x")]) }
        #expect(try self.failure(registry("\(outside.url)/")).cause.hasSuffix("redirects more than 10 times"))
        #expect(outside.requests.count <= 10)
    }

    @Test(
        "to where no registry should send anybody are refused",
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
        "to what is no address are refused",
        arguments: [
            "http://169.254.169.254%2F/", "http://user:pass@127.0.0.1/", "file:///etc/passwd", "ftp://127.0.0.1/",
            "http+unix://%2Frun%2Fdocker.sock/", "http://", "https://127.0.0.1:99999/",
        ])
    func malformed(_ location: String) throws {
        let failure = try failure(registry(location))
        #expect(failure.code == .unavailable)
        #expect(failure.cause.hasSuffix("is not a valid URL"))
    }

    @Test("to nowhere are refused") func nowhere() throws {
        let failure = try failure(registry(nil))
        #expect(failure.code == .unavailable)
        #expect(failure.cause.hasSuffix("is not a valid URL"))
    }

    @Test("from https lead to https alone") func downgrade() throws {
        let client = bench.client("registry.example")
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
