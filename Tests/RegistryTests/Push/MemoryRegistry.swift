import Foundation
import JSON
import OCI
import Synchronization
import TestSupport

/// Serves pushes as a registry on loopback that keeps everything in memory; a test can replace any of its responses.
final class MemoryRegistry: Sendable {
    typealias Response = ScriptedServer.Response
    typealias Request = ScriptedServer.Request

    /// What one repository has.
    struct Repository {
        var blobs: [String: [UInt8]] = [:]
        var manifests: [String: [UInt8]] = [:]
        var tags: [String] = []
    }

    private final class Store: Sendable {
        let repositories = Mutex<[String: Repository]>([:])
        let uploads = Mutex<[String: [UInt8]]>([:])
    }

    private let store = Store()
    private let server: ScriptedServer

    /// - Parameter change: replaces the response to a request; nil for the correct one.
    init(_ change: @escaping @Sendable (Request) -> Response? = { _ in nil }) throws {
        let store = store
        server = try ScriptedServer { request in change(request) ?? Self.response(request, store) }
    }

    var authority: String { server.authority }

    /// `METHOD PATH` of each request, digests by their last two digits and uploads without their number.
    var lines: [String] {
        server.requests.map { request in
            let mount = request.query["mount"].map { "?mount=\($0.suffix(2))&from=\(request.query["from"] ?? "")" }
            var path = request.path.dropFirst("/v2/".count)
            if let uploads = path.range(of: "/blobs/uploads/") { path = path[..<uploads.upperBound] }
            let parts = path.split(separator: "sha256:", omittingEmptySubsequences: false)
            return "\(request.method) \(parts.count == 2 ? parts[0] + parts[1].suffix(2) : path)\(mount ?? "")"
        }
    }

    /// The number of requests so far.
    var count: Int { server.requests.count }

    subscript(_ name: String) -> Repository {
        get { store.repositories.withLock { $0[name] ?? Repository() } }
        set { store.repositories.withLock { $0[name] = newValue } }
    }

    /// The manifest of a tag.
    func manifest(_ name: String, _ tag: String) throws -> Manifest {
        let bytes = self[name].manifests[tag] ?? []
        return try Manifest(json: JSONValue(parsing: bytes, source: "the manifest", limit: 1 << 22))
    }

    private static func response(_ request: Request, _ store: Store) -> Response {
        let parts = request.path.dropFirst("/v2/".count).split(separator: "/").map(String.init)
        guard parts.count >= 3 else { return Response(200, text: "{}") }
        let name = parts[0]
        let repository = store.repositories.withLock { $0[name] }
        switch (request.method, parts[1], parts[2]) {
        case ("GET", "tags", _):
            guard let repository else { return Response(404) }
            return Response(200, text: #"{"tags": ["\#(repository.tags.joined(separator: #"", ""#))"]}"#)
        case ("GET", "manifests", let reference):
            guard let bytes = repository?.manifests[reference] else { return Response(404) }
            return Response(200, body: bytes)
        case ("PUT", "manifests", let reference):
            let digest = (try? SHA256.digest(of: request.body)).map { "\($0)" } ?? ""
            store.repositories.withLock {
                $0[name, default: Repository()].manifests[reference] = request.body
                $0[name, default: Repository()].manifests[digest] = request.body
                if reference != digest { $0[name, default: Repository()].tags.append(reference) }
            }
            return Response(201)
        case ("GET", "blobs", let digest), ("HEAD", "blobs", let digest):
            return repository?.blobs[digest].map { Response(200, body: $0) } ?? Response(404)
        default: return upload(request, name, store)
        }
    }

    private static func upload(_ request: Request, _ name: String, _ store: Store) -> Response {
        let location = { (id: String) in [("Location", "/v2/\(name)/blobs/uploads/\(id)")] }
        if request.method == "POST" {
            if let digest = request.query["mount"], let other = request.query["from"],
                let blob = store.repositories.withLock({ $0[other]?.blobs[digest] })
            {
                store.repositories.withLock { $0[name, default: Repository()].blobs[digest] = blob }
                return Response(201)
            }
            return Response(202, location(UUID().uuidString))
        }
        let id = String(request.path.split(separator: "/").last ?? "")
        let bytes = store.uploads.withLock { uploads in
            uploads[id, default: []] += request.body
            return uploads[id] ?? []
        }
        guard request.method == "PUT" else { return Response(202, location(id)) }
        guard let digest = request.query["digest"], (try? SHA256.digest(of: bytes)) == Digest(digest) else {
            return Response(400, text: #"{"errors": [{"code": "DIGEST_INVALID"}]}"#)
        }
        store.repositories.withLock { $0[name, default: Repository()].blobs[digest] = bytes }
        return Response(201)
    }
}
