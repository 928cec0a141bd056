import Errors
import OCI
import TestSupport
import Testing

@testable import Registry

@Suite("Blob verification")
struct BlobVerificationTests {
    private let fixture: PullFixture
    private let image: ScriptedImage

    init() throws {
        fixture = try PullFixture()
        image = try ScriptedImage()
    }

    /// Pulls the image from a registry that sends a wrong blob.
    ///
    /// - Returns: the error, and the requests for the blob.
    private func failure(_ blob: String, _ change: @escaping @Sendable (inout ScriptedServer.Response) -> Void) throws
        -> (ToolError, requests: [ScriptedServer.Request])
    {
        let registry = try ScriptedRegistry(image) { request, correct, _ in
            var response = correct
            if request.path.hasSuffix(blob) { change(&response) }
            return response
        }
        let failure = try #require(throws: ToolError.self) { try fixture.tars(registry.reference) }
        return (failure, registry.requests(registry.path(blob)))
    }

    @Test("accepts correct blobs") func correct() throws {
        let registry = try ScriptedRegistry(image)
        #expect(try fixture.tars(registry.reference) == image.tars)
        #expect(registry.requests.count == 5)
        #expect(try fixture.tars(registry.reference) == image.tars)
        #expect(registry.requests.filter { $0.path.contains("/blobs/") }.count == 4)
        #expect(fixture.fetched == image.layers.reduce(0) { $0 + (image.blobs[$1]?.count ?? 0) })
    }

    @Test("rejects a blob with another digest") func digest() throws {
        for blob in [image.config, image.layers[0], image.layers[1]] {
            let (failure, requests) = try failure(blob) { $0.body[0] ^= 1 }
            #expect(failure.code == .data)
            #expect(failure.message == "cannot use the blob \(blob)")
            #expect(failure.cause.hasPrefix("the fetched data has the digest sha256:"))
            #expect(!failure.cause.contains(blob))
            #expect(requests.count == 1)
            #expect(!fixture.names("sha256").contains(String(blob.dropFirst(7))))
            #expect(fixture.names("partial").isEmpty)
        }
    }

    @Test("rejects a blob that is too long or endless") func long() throws {
        for blob in [image.config, image.layers[0]] {
            for isEndless in [false, true] {
                let (failure, requests) = try failure(blob) { response in
                    response.body += [UInt8](repeating: 0, count: 1000)
                    response.isEndless = isEndless
                }
                #expect(failure.code == .data)
                #expect(failure.message == "cannot use the blob \(blob)")
                #expect(
                    failure.cause == "it is larger than the expected \(image.blobs[blob]?.count ?? 0) bytes")
                #expect(requests.count == 1)
                #expect(fixture.names("partial").isEmpty)
            }
        }
    }

    @Test("rejects a blob that is too short") func short() throws {
        for length in [ScriptedServer.Response.Length.stated, .chunked] {
            let (failure, requests) = try failure(image.layers[0]) { response in
                if response.status == 200 { response.body.removeLast(7) }
                response.length = length
            }
            let size = image.blobs[image.layers[0]]?.count ?? 0
            #expect(failure.code == .data)
            #expect(failure.cause == "it has \(size - 7) bytes instead of \(size)")
            #expect(requests.count == 1)
            #expect(fixture.names("partial").isEmpty)
        }
    }

    @Test("gives up on a blob that always ends early without a length") func cutForEver() throws {
        let (failure, requests) = try failure(image.layers[0]) { response in
            if response.status == 200 { response.body.removeLast(7) }
            response.length = .missing
            if response.status == 206 { response = ScriptedServer.Response(416) }
        }
        #expect(failure.code == .unavailable)
        #expect(failure.cause.hasSuffix("the registry sent too little"))
        #expect(requests.count < 10)
    }

    @Test("reports a missing blob") func missing() throws {
        let (failure, requests) = try failure(image.layers[2]) { $0 = ScriptedServer.Response(404) }
        #expect(failure.code == .data)
        #expect(failure.cause.contains("/blobs/\(image.layers[2]) returned 404"))
        #expect(requests.count == 1)
    }

    @Test("rejects a blob that is not the layer of its diffID") func rubbish() throws {
        let lying = try ScriptedImage { manifest in
            guard var layers = manifest["layers"] as? [[String: Any]] else { return }
            // The blob exists with this digest and size, but is another layer.
            layers[0] = layers[1]
            manifest["layers"] = layers
        }
        let registry = try ScriptedRegistry(lying)
        let failure = try #require(throws: ToolError.self) { try fixture.tars(registry.reference) }
        #expect(failure.code == .data)
        #expect(failure.cause.contains("and should have sha256:"))
    }

    @Test("ignores the URLs of a descriptor") func foreign() throws {
        let other = try ScriptedServer { _ in ScriptedServer.Response(200) }
        let foreign = try ScriptedImage { manifest in
            guard var layers = manifest["layers"] as? [[String: Any]] else { return }
            layers[0]["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
            layers[0]["urls"] = ["\(other.url)/layer"]
            manifest["layers"] = layers
        }
        let correct = try ScriptedRegistry(foreign)
        #expect(try fixture.tars(correct.reference) == foreign.tars)
        let blob = foreign.layers[1]
        let registry = try ScriptedRegistry(foreign) { request, correct, _ in
            request.path.hasSuffix(blob) ? ScriptedServer.Response(404) : correct
        }
        let failure = try #require(throws: ToolError.self) { try PullFixture().tars(registry.reference) }
        #expect(failure.code == .data)
        #expect(other.requests.isEmpty)
    }

    @Test("keeps the other blobs for the next run") func others() throws {
        _ = try failure(image.layers[1]) { $0 = ScriptedServer.Response(500) }
        let registry = try ScriptedRegistry(image)
        #expect(try fixture.tars(registry.reference) == image.tars)
        #expect(registry.requests(registry.path(image.layers[0])).isEmpty)
        #expect(registry.requests(registry.path(image.layers[1])).count == 1)
    }
}
