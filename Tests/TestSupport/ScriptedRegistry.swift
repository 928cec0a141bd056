import OCI
import Synchronization

/// Serves one image as a registry on loopback; a test can replace any of its responses.
package final class ScriptedRegistry: Sendable {
    /// The image that is served.
    package let image: ScriptedImage
    private let server: ScriptedServer

    /// Replaces a response.
    ///
    /// - Parameters:
    ///   - request: the request.
    ///   - correct: the response of a correct registry.
    ///   - count: the number of earlier requests for the same path.
    package typealias Change =
        @Sendable (_ request: ScriptedServer.Request, _ correct: Response, _ count: Int) -> Response
    /// A response.
    package typealias Response = ScriptedServer.Response

    /// Starts a registry on loopback.
    ///
    /// - Parameters:
    ///   - image: the image to serve.
    ///   - host: an IPv4 address of the loopback network.
    ///   - change: replaces responses; by default all are correct.
    package init(
        _ image: ScriptedImage, host: String = "127.0.0.1", _ change: @escaping Change = { _, correct, _ in correct }
    )
        throws
    {
        self.image = image
        let counts = Counts()
        server = try ScriptedServer(host: host) { request in
            change(request, Self.response(request, image), counts.next(request.path))
        }
    }

    /// The address and the port: `127.0.0.1:PORT`.
    package var authority: String { server.authority }
    /// The port, chosen by the system.
    package var port: Int { server.port }
    /// The URL of the registry: `http://127.0.0.1:PORT`.
    package var url: String { server.url }
    /// The requests so far, in the order of their arrival.
    package var requests: [ScriptedServer.Request] { server.requests }

    /// The image's name with its tag.
    package var reference: String { "\(authority)/\(image.name):\(image.tag)" }

    /// The path of the image's manifest by its tag.
    package var manifestPath: String { "/v2/\(image.name)/manifests/\(image.tag)" }

    /// The path of a blob.
    package func path(_ blob: String) -> String { "/v2/\(image.name)/blobs/\(blob)" }

    /// The requests for a path, in their order.
    package func requests(_ path: String) -> [ScriptedServer.Request] { requests.filter { $0.path == path } }

    /// Source: OCI Distribution Specification, "Pull".
    private static func response(_ request: ScriptedServer.Request, _ image: ScriptedImage) -> Response {
        if request.path == "/v2/" { return Response(200, text: "{}") }
        let manifests = "/v2/\(image.name)/manifests/"
        let blobs = "/v2/\(image.name)/blobs/"
        if [manifests + image.tag, manifests + image.manifestDigest].contains(request.path) {
            let headers = [
                ("Content-Type", ScriptedImage.manifestType), ("Docker-Content-Digest", image.manifestDigest),
            ]
            return Response(200, headers, body: image.manifest)
        }
        guard request.path.hasPrefix(blobs), let blob = image.blobs[String(request.path.dropFirst(blobs.count))] else {
            return Response(404, text: #"{"errors": [{"code": "NOT_FOUND", "message": "there is none"}]}"#)
        }
        guard let range = request.headers["range"] else { return Response(200, body: blob) }
        guard let start = Int(range.dropFirst("bytes=".count).prefix { $0 != "-" }), start < blob.count else {
            return Response(416)
        }
        let content = "bytes \(start)-\(blob.count - 1)/\(blob.count)"
        return Response(206, [("Content-Range", content)], body: Array(blob[start...]))
    }
}

/// Counts the requests for each path.
private final class Counts: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    func next(_ path: String) -> Int {
        counts.withLock { counts in
            defer { counts[path, default: 0] += 1 }
            return counts[path, default: 0]
        }
    }
}
