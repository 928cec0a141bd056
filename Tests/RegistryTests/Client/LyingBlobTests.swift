import Errors
@testable import Registry
import TestSupport
import Testing

@Suite("Blobs of a registry that lies")
struct LyingBlobTests {
    private let bench: PullFixture
    private let image: ScriptedImage

    init() throws {
        bench = try PullFixture()
        image = try ScriptedImage()
    }

    /// What comes of the image if one of its blobs is lied about.
    private func failure(_ blob: String, _ lie: @escaping @Sendable (inout ScriptedServer.Answer) -> Void) throws
        -> (ToolError, requests: [ScriptedServer.Request])
    {
        let registry = try ImageServer(image) { request, honest, _ in
            var answer = honest
            if request.path.hasSuffix(blob) { lie(&answer) }
            return answer
        }
        let failure = try #require(throws: ToolError.self) { try bench.tars(registry.reference) }
        return (failure, registry.requests(registry.path(blob)))
    }

    @Test("are believed where they do not") func honest() throws {
        let registry = try ImageServer(image)
        #expect(try bench.tars(registry.reference) == image.tars)
        #expect(registry.requests.count == 5)
        #expect(try bench.tars(registry.reference) == image.tars)
        #expect(registry.requests.filter { $0.path.contains("/blobs/") }.count == 4)
        #expect(bench.fetched == image.layers.reduce(0) { $0 + (image.blobs[$1]?.count ?? 0) })
    }

    @Test("have another digest") func digest() throws {
        for blob in [image.config, image.layers[0], image.layers[1]] {
            let (failure, requests) = try failure(blob) { $0.body[0] ^= 1 }
            #expect(failure.code == .data)
            #expect(failure.message == "cannot use the blob \(blob)")
            #expect(failure.cause.hasPrefix("the fetched data has the digest sha256:"))
            #expect(!failure.cause.contains(blob))
            #expect(requests.count == 1)
            #expect(!bench.names("sha256").contains(String(blob.dropFirst(7))))
            #expect(bench.names("partial").isEmpty)
        }
    }

    @Test("are longer than they are said to be, or without end") func long() throws {
        for blob in [image.config, image.layers[0]] {
            for isEndless in [false, true] {
                let (failure, requests) = try failure(blob) { answer in
                    answer.body += [UInt8](repeating: 0, count: 1000)
                    answer.isEndless = isEndless
                }
                #expect(failure.code == .data)
                #expect(failure.message == "cannot use the blob \(blob)")
                #expect(
                    failure.cause == "it is larger than the expected \(image.blobs[blob]?.count ?? 0) bytes")
                #expect(requests.count == 1)
                #expect(bench.names("partial").isEmpty)
            }
        }
    }

    @Test("are shorter than they are said to be") func short() throws {
        for length in [ScriptedServer.Answer.Length.stated, .chunked] {
            let (failure, requests) = try failure(image.layers[0]) { answer in
                if answer.status == 200 { answer.body.removeLast(7) }
                answer.length = length
            }
            let size = image.blobs[image.layers[0]]?.count ?? 0
            #expect(failure.code == .data)
            #expect(failure.cause == "it has \(size - 7) bytes instead of \(size)")
            #expect(requests.count == 1)
            #expect(bench.names("partial").isEmpty)
        }
    }

    @Test("end early each time, without a length that would tell") func cutForEver() throws {
        let (failure, requests) = try failure(image.layers[0]) { answer in
            if answer.status == 200 { answer.body.removeLast(7) }
            answer.length = .missing
            if answer.status == 206 { answer = ScriptedServer.Answer(416) }
        }
        #expect(failure.code == .unavailable)
        #expect(failure.cause.hasSuffix("the registry sent too little"))
        #expect(requests.count < 10)
    }

    @Test("are not there") func missing() throws {
        let (failure, requests) = try failure(image.layers[2]) { $0 = ScriptedServer.Answer(404) }
        #expect(failure.code == .data)
        #expect(failure.cause.contains("/blobs/\(image.layers[2]) returned 404"))
        #expect(requests.count == 1)
    }

    @Test("are of another compression than their type says, or of none") func rubbish() throws {
        let lying = try ScriptedImage { manifest in
            guard var layers = manifest["layers"] as? [[String: Any]] else { return }
            // A blob that is there, with the right digest and size, and no layer.
            layers[0] = layers[1]
            manifest["layers"] = layers
        }
        let registry = try ImageServer(lying)
        let failure = try #require(throws: ToolError.self) { try bench.tars(registry.reference) }
        #expect(failure.code == .data)
        #expect(failure.cause.contains("and should have sha256:"))
    }

    @Test("lie elsewhere, as their descriptors say") func foreign() throws {
        let other = try ScriptedServer { _ in ScriptedServer.Answer(200) }
        let foreign = try ScriptedImage { manifest in
            guard var layers = manifest["layers"] as? [[String: Any]] else { return }
            layers[0]["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
            layers[0]["urls"] = ["\(other.url)/layer"]
            manifest["layers"] = layers
        }
        let honest = try ImageServer(foreign)
        #expect(try bench.tars(honest.reference) == foreign.tars)
        let blob = foreign.layers[1]
        let registry = try ImageServer(foreign) { request, honest, _ in
            request.path.hasSuffix(blob) ? ScriptedServer.Answer(404) : honest
        }
        let failure = try #require(throws: ToolError.self) { try PullFixture().tars(registry.reference) }
        #expect(failure.code == .data)
        #expect(other.requests.isEmpty)
    }

    @Test("fail one by one: the others are there for the next time") func others() throws {
        _ = try failure(image.layers[1]) { $0 = ScriptedServer.Answer(500) }
        let registry = try ImageServer(image)
        #expect(try bench.tars(registry.reference) == image.tars)
        #expect(registry.requests(registry.path(image.layers[0])).isEmpty)
        #expect(registry.requests(registry.path(image.layers[1])).count == 1)
    }
}
