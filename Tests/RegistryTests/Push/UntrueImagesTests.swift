import Errors
import Foundation
import Images
import JSON
import OCI
import Synchronization
import TestSupport
import Testing

@testable import Registry

/// Tests of images in a registry whose manifests and configs say what cannot be: nothing of them is used, or the push fails
/// before the tag is moved.
@Suite("Untrue images as cache")
struct UntrueImagesTests {
    private let bench: PushBench

    init() throws { bench = try PushBench() }

    private func layers() throws -> [CountedLayer] {
        [
            try CountedLayer(PushBench.bytes(2000), key: "one"),
            try CountedLayer(PushBench.bytes(2000, seed: 2), key: "two"),
        ]
    }

    /// Pushes an image, and replaces its manifest.
    private func push(_ name: String, changed change: (inout Manifest) -> Void) throws {
        try bench.push(layers(), to: name)
        let parts = name.split(separator: ":").map(String.init)
        var manifest = try bench.registry.manifest(parts[0], parts[1])
        change(&manifest)
        bench.registry[parts[0]].manifests[parts[1]] = try manifest.blob().bytes
    }

    private func key(_ layer: CountedLayer) -> String { layer.key.map { "\($0.digest)" } ?? "" }

    /// Pushes the image again, whose layers must all be read.
    private func expectUnused(_ warning: String) throws {
        let again = try layers()
        let (pushed, _) = try bench.push(again, to: "app:1")
        #expect(again.allSatisfy { $0.opened > 0 })
        #expect(pushed.layers.allSatisfy { $0.image == nil })
        #expect(bench.warnings.count == 1)
        #expect(bench.warnings.first?.contains(warning) == true, "\(bench.warnings)")
        #expect(try bench.registry.manifest("app", "1").layers.map { LayerKey(of: $0) } == again.map(\.key))
    }

    @Test("A manifest with another number of layers than its config is not used")
    func numberOfLayers() throws {
        try push("app:1") { $0.layers.removeLast() }
        try expectUnused("its manifest has 1 layers, and its config 2")
    }

    @Test("A manifest with one key for two layers is not used")
    func oneKeyForTwoLayers() throws {
        let key = key(try layers()[0])
        try push("app:1") { $0.layers[1].annotations[LayerKey.annotation] = key }
        try expectUnused("has the layer key \(key) for two layers that differ")
    }

    @Test("A manifest with one blob for two layers is not used")
    func oneBlobForTwoLayers() throws {
        try push("app:1") { $0.layers[1].digest = $0.layers[0].digest }
        try expectUnused("its config has two digests for the blob")
    }

    @Test(
        "A manifest that is not valid, or not of an image, is not used",
        arguments: ["{}", "[", #"{"schemaVersion": 1}"#])
    func notValid(_ manifest: String) throws {
        try bench.push(layers(), to: "app:1")
        bench.registry["app"].manifests["1"] = Array(manifest.utf8)
        try expectUnused("cannot use the layers of")
    }

    @Test("A config with other bytes than its digest is not used")
    func damagedConfig() throws {
        try bench.push(layers(), to: "app:1")
        let config = try bench.registry.manifest("app", "1").config.digest
        bench.registry["app"].blobs["\(config)"] = Array("{}".utf8)
        try expectUnused("the config \(config) has the digest")
    }

    @Test("Two images that contradict each other about a key: neither is used for it")
    func twoImages() throws {
        let (one, two) = (key(try layers()[0]), key(try layers()[1]))
        try bench.push(layers(), to: "app:1")
        try push("other:1") { manifest in
            manifest.layers[0].annotations[LayerKey.annotation] = two
            manifest.layers[1].annotations[LayerKey.annotation] = one
        }
        let again = try layers()
        let (pushed, _) = try bench.push(again, to: "app:1", from: ["other:1"])
        #expect(again.allSatisfy { $0.opened > 0 })
        #expect(pushed.layers.map(\.status) == [.exists, .exists])
        #expect(bench.warnings.count == 2)
        #expect(bench.warnings.allSatisfy { $0.contains("neither is used") })
    }

    @Test("A layer that the registry lacks is read and sent again, if it has the digest that its key stands for")
    func lostBlob() throws {
        try bench.push(layers(), to: "app:1")
        let lost = try bench.registry.manifest("app", "1").layers[0].digest
        bench.registry["app"].blobs["\(lost)"] = nil
        let again = try layers()
        let (pushed, _) = try bench.push(again, to: "app:1")
        #expect(pushed.layers.map(\.status) == [.uploaded, .exists])
        #expect(again.map(\.opened) == [1, 0])
        #expect(bench.registry["app"].blobs["\(lost)"] != nil)
    }

    @Test("A key with the digest of another layer, which the registry lacks, is an error before the tag is moved")
    func untrueKey() throws {
        let (one, two) = (key(try layers()[0]), key(try layers()[1]))
        try push("app:1") { manifest in
            manifest.layers[0].annotations[LayerKey.annotation] = two
            manifest.layers[1].annotations[LayerKey.annotation] = one
        }
        let before = bench.registry["app"].manifests["1"]
        for digest in bench.registry["app"].blobs.keys { bench.registry["app"].blobs[digest]? = [] }
        let config = try bench.registry.manifest("app", "1").config.digest
        try bench.push(layers(), to: "copy:1")
        bench.registry["app"].blobs = ["\(config)": bench.registry["copy"].blobs["\(config)"] ?? []]
        let error = try #require(throws: ToolError.self) { try bench.push(layers(), to: "app:1") }
        #expect(error.code == .data)
        #expect(error.cause.contains("and the layer keys of \(bench.registry.authority)/app:1 state"))
        #expect(error.remedy.description.contains("noRemoteCache"))
        #expect(bench.registry["app"].manifests["1"] == before)
    }

    @Test("A blob that has another size than the manifest says is not used")
    func wrongSize() throws {
        try push("app:1") { $0.layers[0].size += 1 }
        let again = try layers()
        let (pushed, _) = try bench.push(again, to: "app:1")
        #expect(pushed.layers.map(\.status) == [.uploaded, .exists])
        #expect(try bench.registry.manifest("app", "1").layers[0].size == pushed.layers[0].blob.size)
    }

    @Test("A registry that cannot be reached is an error at once, and one that denies reading is not")
    func denied() throws {
        let bench = try PushBench { request in request.method == "GET" ? .init(403) : nil }
        let (pushed, _) = try bench.push(layers(), to: "app:1")
        #expect(pushed.layers.map(\.status) == [.uploaded, .uploaded])
        #expect(bench.warnings.count == 2)
    }
}
