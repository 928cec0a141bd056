import Foundation
import TestSupport
import Testing

/// Images of closures whose lists of store paths are too long for a config.
@Suite("Large closures")
struct LargeClosureTests {
    private struct Inspection: Decodable {
        struct Layer: Decodable { let comment: String? }
        let layers: [Layer]
    }

    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(
        "The history lists the first paths of a large layer, and the program reads its own image", arguments: [2, 40])
    func history(maxLayers: Int) throws {
        // 5,000 paths of more than 220 characters: 1.1 MiB.
        try LargeInput.closure(directory, "x", count: 5000, references: 1, longNames: true)
        let arguments = ["layered", "x.json", "--set", "maxLayers=\(maxLayers)", "--compressor", "none", "-o", "x.tar"]
        for command in [arguments + ["--quiet"], ["validate", "x.tar"]] {
            let outcome = try Dockertools.run(command, in: directory.path)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let inspected = try Dockertools.run(["inspect", "x.tar", "--json"], in: directory.path)
        let comments = try JSONDecoder().decode(Inspection.self, from: Data(inspected.output)).layers.compactMap(
            \.comment)
        #expect(comments.count == maxLayers)
        for comment in comments.dropLast(2) {
            #expect(comment.hasPrefix("store paths: ['/nix/store/") && comment.hasSuffix("']"))
        }
        let shared = try #require(comments.dropLast().last)
        let listed = shared.split(separator: "', '").count
        #expect(shared.utf8.count < 512 << 10)
        #expect(shared.hasSuffix("'] and \(5000 - (maxLayers - 2) - listed) more"))
        #expect(listed > 1000)
    }

    @Test("A label that no reader accepts is refused before anything is written")
    func label() throws {
        let text = String(repeating: "x", count: 2 << 20)
        try directory.write(Array("name = \"x\"\n[config.Labels]\na = \"\(text)\"\n".utf8), to: "x.toml")
        let outcome = try Dockertools.run(["stream", "x.toml"], in: directory.path)
        #expect(outcome.status == 65)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains("a string has more than 1048576 bytes"), "\(outcome.errors)")
    }

    @Test("An index that no reader accepts is refused")
    func index() throws {
        let tags = "[f'registry.example/some/very/long/name/x{i:06}:v1' for i in range(n)]"
        try LargeInput.image(directory, "x.tar", count: 20_000, layers: "[[('a',)]]", tags: tags)
        let outcome = try Dockertools.run(
            ["merge", "x.tar", "--format", "oci-archive", "-o", "oci.tar", "--quiet"], in: directory.path)
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("cannot write the index of the images"), "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory.path("oci.tar")))
    }
}
