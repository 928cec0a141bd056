import ByteIO
import Errors
import Foundation
import OCI
import Synchronization
import TestSupport
import Testing

@testable import Registry

/// Tests of uploads to registries that differ within what the specification and other clients allow.
@Suite("Uploads")
struct UploadTests {
    private typealias Response = ScriptedServer.Response

    private static let content = Array("a layer".utf8)

    private func client(_ server: ScriptedServer) -> RegistryClient {
        RegistryClient(
            server.authority, task: "cannot push", transport: HTTPTransport { _ in HTTPSettings(timeout: 60) },
            settings: RegistrySettings(retries: RetryPolicy(count: 0)))
    }

    /// The response of a correct registry.
    private static func correct(_ request: ScriptedServer.Request) -> Response {
        switch request.method {
        case "POST", "PATCH": Response(202, [("Location", "/v2/app/blobs/uploads/1")])
        default: Response(201)
        }
    }

    private func upload(
        _ client: RegistryClient, size: UInt64? = nil, opened: HTTPURL? = nil
    ) throws -> (Descriptor, Int) {
        try client.upload(to: "app", MediaType.layer(.gz), size: size, opened: opened) { sink in
            try Self.content.withUnsafeBytes { try sink.write($0) }
            return 7
        }
    }

    @Test("states the size of a blob that is copied, and sends others in chunks")
    func sizes() throws {
        let server = try ScriptedServer(Self.correct)
        let (known, result) = try upload(client(server), size: 7)
        #expect(known.size == 7 && result == 7)
        #expect(try upload(client(server)).0 == known)
        let patches = server.requests.filter { $0.method == "PATCH" }
        #expect(patches.map(\.body) == [Self.content, Self.content])
        #expect(patches.map { $0.headers["content-length"] } == ["7", nil])
        #expect(patches.map { $0.headers["transfer-encoding"] } == [nil, "chunked"])
    }

    @Test("begins anew with a new token if the token ends after the upload was opened")
    func expiredToken() throws {
        let tokens = Mutex(0)
        let server = try ScriptedServer { request in
            if request.path == "/token" {
                let number = tokens.withLock { number in
                    number += 1
                    return number
                }
                return Response(200, text: #"{"token": "T\#(number)"}"#)
            }
            let challenge = [("WWW-Authenticate", #"Bearer realm="http://\#(request.headers["host"] ?? "")/token""#)]
            switch (request.method, request.headers["authorization"]) {
            case (_, nil), ("PATCH", "Bearer T1"): return Response(401, challenge)
            default: return Self.correct(request)
            }
        }
        #expect(try upload(client(server)).0.size == 7)
        #expect(
            server.requests.filter { $0.method == "PATCH" }.map { $0.headers["authorization"] } == [
                "Bearer T1", "Bearer T2",
            ])
        #expect(tokens.withLock { $0 } == 2)
    }

    @Test("ends if a new token is rejected as well")
    func rejectedToken() throws {
        let server = try ScriptedServer { request in
            request.method == "PATCH" ? Response(401) : Self.correct(request)
        }
        let failure = try #require(throws: ToolError.self) { try upload(client(server)) }
        #expect(failure.code == .unavailable)
        #expect(failure.cause == "PATCH \(server.url)/v2/app/blobs/uploads/1 returned 401")
        #expect(server.lines.filter { $0.hasPrefix("PATCH") }.count == 2)
    }

    @Test("follows redirects that keep the method and the body", arguments: [307, 308])
    func redirects(status: Int) throws {
        let server = try ScriptedServer { request in
            request.target.contains("moved=1")
                ? Self.correct(request)
                : Response(
                    status, [("Location", request.target + (request.target.contains("?") ? "&" : "?") + "moved=1")])
        }
        try client(server).upload(Self.content, to: "app")
        let put = try #require(server.requests.last)
        #expect(put.method == "PUT" && put.body == Self.content && put.query["moved"] == "1")
    }

    @Test("accepts any status of success, and digests of other algorithms", arguments: [200, 201, 202, 204])
    func success(status: Int) throws {
        let server = try ScriptedServer { request in
            var response = Self.correct(request)
            if request.method == "PUT" {
                response = Response(status, [("Docker-Content-Digest", "sha512:\(String(repeating: "0", count: 128))")])
            }
            return response
        }
        let client = client(server)
        try client.upload(Self.content, to: "app")
        try client.put(Blob(Array("{}".utf8), mediaType: MediaType.manifest), to: "app", "1")
        #expect(server.lines.suffix(1) == ["PUT /v2/app/manifests/1"])
    }

    @Test("reports a manifest that is stored under another digest")
    func otherDigest() throws {
        let server = try ScriptedServer { _ in
            Response(201, [("Docker-Content-Digest", "sha256:\(String(repeating: "0", count: 64))")])
        }
        let failure = try #require(throws: ToolError.self) {
            try client(server).put(Blob(Array("{}".utf8), mediaType: MediaType.manifest), to: "app", "1")
        }
        #expect(failure.code == .data)
    }

    @Test("names Docker's media types where a registry rejects a manifest", arguments: [400, 415])
    func rejectedMediaType(status: Int) throws {
        let server = try ScriptedServer { _ in Response(status, text: #"{"errors": [{"code": "MANIFEST_INVALID"}]}"#) }
        let failure = try #require(throws: ToolError.self) {
            try client(server).put(Blob(Array("{}".utf8), mediaType: MediaType.manifest), to: "app", "1")
        }
        #expect(failure.cause.hasSuffix("returned \(status): MANIFEST_INVALID"))
        #expect(
            failure.remedy.description
                == "if the registry does not accept OCI's media types, push with mediaTypes docker")
    }

    @Test("uses the upload that a registry opens instead of mounting a blob")
    func mount() throws {
        let server = try ScriptedServer { request in
            request.method == "POST"
                ? Response(202, [("Location", "/v2/app/blobs/uploads/mounting")]) : Self.correct(request)
        }
        let client = client(server)
        guard case .upload(let opened?) = client.mount(try SHA256.digest(of: Self.content), from: "other", to: "app")
        else {
            Issue.record("no upload was opened")
            return
        }
        _ = try upload(client, opened: opened)
        #expect(
            server.lines == [
                "POST /v2/app/blobs/uploads/", "PATCH /v2/app/blobs/uploads/mounting", "PUT /v2/app/blobs/uploads/1",
            ])
    }
}
