import ByteIO
import Errors
import Foundation
import Images
import JSON
import OCI
import Synchronization
import TestSupport
import Testing

@testable import Registry

/// Tests of pushes from machines that know nothing: the images in the registry are the cache.
@Suite("The registry as cache")
struct RemoteCacheTests {
    private let bench: PushBench

    init() throws { bench = try PushBench() }

    /// Two layers with keys and one without; the last one differs from seed to seed.
    private func layers(_ seed: UInt64 = 1) throws -> [CountedLayer] {
        [
            try CountedLayer(PushBench.bytes(3_000_000), key: "large"), try CountedLayer(Array("a".utf8), key: "small"),
            try CountedLayer(PushBench.bytes(10_000, seed: seed)),
        ]
    }

    private func kinds(_ lines: [String]) -> [String] {
        lines.map { $0.split(separator: " ")[0] + " " + ($0.split(separator: "/").dropFirst().first ?? "") }
    }

    @Test("The same image again: three requests and one for each layer, and no layer with a key is opened")
    func sameImage() throws {
        let (first, _) = try bench.push(layers(), to: "app:1")
        let again = try layers()
        let (second, requests) = try bench.push(again, to: "app:1")
        #expect(again.map(\.opened) == [0, 0, 1])
        #expect(
            kinds(requests).sorted() == [
                "GET blobs", "GET manifests", "HEAD blobs", "HEAD blobs", "HEAD blobs", "PUT manifests",
            ])
        #expect(second.manifest.descriptor.digest == first.manifest.descriptor.digest)
        #expect(second.layers.map(\.status) == [.exists, .exists, .exists])
        #expect(second.layers.allSatisfy { $0.image?.tag == "1" })
        #expect(second.uploadedBytes == 0 && second.existingBytes == first.uploadedBytes)
    }

    @Test("Of the next version only the changed layer is sent")
    func nextVersion() throws {
        try bench.push(layers(), to: "app:1")
        let next = try layers(2)
        let (pushed, requests) = try bench.push(next, to: "app:1")
        #expect(pushed.layers.map(\.status) == [.exists, .exists, .uploaded])
        #expect(next.map(\.opened) == [0, 0, 2])
        // Small blobs are sent without a question: the layer and the config.
        #expect(kinds(requests).filter { $0.hasPrefix("HEAD") }.count == 3)
        #expect(pushed.layers[2].image == nil)
    }

    @Test("A layer that is not found by its digest is compressed, and not sent if it is there")
    func compressedFirst() throws {
        let large = try CountedLayer(PushBench.bytes(2_000_000, seed: 9))
        try bench.push([large], to: "app:old")
        bench.registry["app"].tags = []
        try bench.push([CountedLayer([1])], to: "app:new")
        let (pushed, requests) = try bench.push([large], to: "app:new", usesCache: false)
        #expect(pushed.layers.map(\.status) == [.exists])
        #expect(!kinds(requests).contains("PATCH blobs"))
    }

    @Test("A first push to a new repository asks for no blob")
    func newRepository() throws {
        let (_, requests) = try bench.push(layers(), to: "app:1")
        #expect(!requests.contains { $0.hasPrefix("HEAD") })
        // The large layer is sent while it is compressed; the others and the config are sent with one request.
        #expect(requests.filter { $0.hasPrefix("PATCH") }.count == 1)
        #expect(requests.filter { $0 == "PUT app/blobs/uploads/" }.count == 4)
        #expect(requests.contains("GET app/tags/list"))
    }

    @Test("A missing tag is replaced by a further tag of the push, latest, or the highest version")
    func otherTags() throws {
        try bench.push(layers(), to: "app:1.9")
        func source(_ to: String, tags: [String] = []) throws -> String? {
            try bench.push(layers(), to: to, tags: tags).0.layers[0].image?.tag
        }
        #expect(try source("app:1.10") == "1.9")
        #expect(try source("app:other") == "1.10")
        bench.registry["app"].tags.append("sha256-\(String(repeating: "0", count: 64))")
        #expect(try source("app:yet-another", tags: ["1.9"]) == "1.9")
        bench.registry["app"].manifests["latest"] = bench.registry["app"].manifests["1.9"]
        bench.registry["app"].tags.append("latest")
        #expect(try source("app:last") == "latest")
        #expect(RemoteCache.newest(["9", "10", "010", "1.10"]) == "10")
        #expect(RemoteCache.newest(["sha256-1"]) == nil)
        #expect(bench.warnings.isEmpty)
    }

    @Test("Layers of another repository's image are mounted")
    func cacheFrom() throws {
        try bench.push(layers(), to: "base:1")
        let again = try layers()
        let (pushed, requests) = try bench.push(again, to: "app:1", from: ["base:1", "nowhere:1"])
        #expect(pushed.layers.map(\.status) == [.mounted, .mounted, .mounted])
        #expect(again.map(\.opened) == [0, 0, 1])
        #expect(requests.filter { $0.contains("?mount=") && $0.hasSuffix("from=base") }.count == 3)
        #expect(bench.warnings.count == 1)
        #expect(bench.warnings[0].contains("nowhere:1: there is no such image"))
    }

    @Test("Of an index the image for the same platform is the cache")
    func index() throws {
        let (amd64, arm64) = (try layers(1), try layers(2))
        let push = try bench.push(to: "app:1")
        let images = try [(amd64, "amd64"), (arm64, "arm64")].map { layers, architecture in
            try push.push(CountedImage(layers: layers, architecture: architecture), compressor: .gz, isPart: true)
        }
        _ = try push.push(indexOf: images)
        let again = try layers(2)
        let (pushed, requests) = try bench.push(again, to: "app:1", architecture: "arm64")
        #expect(pushed.layers.map(\.status) == [.exists, .exists, .exists])
        #expect(pushed.manifest.descriptor.digest == images[1].manifest.descriptor.digest)
        #expect(kinds(requests).filter { $0 == "GET manifests" }.count == 2)
    }

    @Test("Without a cache every layer is opened, and no manifest is read")
    func noRemoteCache() throws {
        try bench.push(layers(), to: "app:1")
        let again = try layers()
        let (_, requests) = try bench.push(again, to: "app:1", usesCache: false)
        #expect(again.allSatisfy { $0.opened > 0 })
        #expect(!requests.contains { $0.hasPrefix("GET") })
    }

    @Test("A blob that was uploaded is found again though its manifest was refused")
    func refusedManifest() throws {
        let refuses = Mutex(true)
        let bench = try PushBench { request in
            request.method == "PUT" && request.path.contains("/manifests/") && refuses.withLock { $0 }
                ? .init(403) : nil
        }
        let memory = bench.memory("cache")
        #expect(throws: ToolError.self) { try bench.push(layers(), to: "app:1", memory: memory) }
        refuses.withLock { $0 = false }
        let (pushed, requests) = try bench.push(layers(), to: "app:1", memory: memory)
        #expect(pushed.layers.map(\.status) == [.exists, .exists, .exists])
        #expect(!requests.contains { $0.hasPrefix("PATCH") || $0.hasPrefix("POST") })
    }

    @Test("A layer is sent while it is compressed if no work file can be made")
    func noWorkFiles() throws {
        try bench.push([CountedLayer([1])], to: "app:1")
        let (pushed, requests) = try bench.push(layers(), to: "app:2", spool: "/nowhere")
        #expect(pushed.layers.map(\.status) == [.uploaded, .uploaded, .uploaded])
        #expect(requests.filter { $0.hasPrefix("PATCH") }.count == 1)
    }
}
