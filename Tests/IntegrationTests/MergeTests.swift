import Foundation
import TestSupport
import Testing

@Suite("merge")
struct MergeTests {
    private let bench: Workbench
    private var store: NixStore { bench.store }

    init() throws {
        bench = try Workbench()
    }

    private func merge(_ arguments: [String]) throws -> MergedArchive {
        let outcome = try bench.run(["merge", "--json", "-o", bench.directory.path("merged.tar")] + arguments)
        guard outcome.status == 0 else { throw Program.Failed(arguments, outcome) }
        return try outcome.decode(MergedArchive.self)
    }

    /// Builds two layered images that share a layer; the second has another user and another compressor.
    private func images() throws -> [BuiltImage] {
        try [("one", "gz", 0), ("two", "zstd", 1000)].map { name, compressor, uid in
            try bench.layered(
                """
                {"name": "merged/\(name)", "tag": "1", "contents": "\(store["busybox"])", "extraCommands": "echo > \(name)",
                 "config": {"Cmd": ["/bin/sh", "-c", "stat -c %u /\(name)"], "User": "\(uid)"}}
                """, ["--compressor", compressor, "--set", "uid=\(uid)"], output: "\(name).tar")
        }
    }

    @Test("Merged images load with all their names, run, and keep their owners")
    func loads() throws {
        let docker = try DockerDaemon.shared
        let images = try images()
        let result = try merge(images.map(\.output))
        #expect(result.images.map(\.imageID) == images.map(\.imageID))
        #expect(result.images.map(\.names) == [["merged/one:1"], ["merged/two:1"]])
        let output = try docker.load(result.output)
        #expect(output.contains("Loaded image: merged/one:1") && output.contains("Loaded image: merged/two:1"))
        #expect(try docker.runImage("merged/one:1") == "0\n")
        #expect(try docker.runImage("merged/two:1") == "1000\n")
        let listed = try Program.output(["skopeo", "list-tags", "docker-archive:\(result.output)"])
        #expect(String(decoding: listed, as: UTF8.self).contains("merged/two:1"))
    }

    @Test("A shared layer is in the archive once, and a second run gives the same bytes")
    func sharesLayers() throws {
        func image(_ name: String, _ format: String) throws -> BuiltImage {
            try bench.layered(
                "{\"name\": \"\(name)\", \"contents\": \"\(store["busybox"])\", \"config\": {\"User\": \"\(name)\"}}",
                ["--format", format], output: "\(name).image")
        }
        let images = try [image("a", "docker-archive"), image("b", "oci-archive"), image("c", "oci-layout")]
        let result = try merge(images.map(\.output))
        #expect(Set(images.map { $0.layers[0].diffID }).count == 1)
        let members = try Program.output(["tar", "-tf", result.output])
        let layers = String(decoding: members, as: UTF8.self).split(separator: "\n").filter {
            $0.hasPrefix("layers/")
        }
        // The store's layer, and the empty customization layer of each image.
        #expect(layers.count == 2)
        let first = try bench.directory.read("merged.tar")
        _ = try merge(images.map(\.output))
        #expect(try bench.directory.read("merged.tar") == first)
    }

    @Test("An image needs no name, and an image with two names is in the archive once")
    func names() throws {
        let docker = try DockerDaemon.shared
        let image = try images()[0]
        try docker.load(image.output)
        let nameless = bench.directory.path("nameless.tar")
        try docker.output(["save", "--output", nameless, image.imageID])
        let alone = try merge([nameless])
        #expect(alone.images.map(\.names) == [[]])
        #expect(alone.images[0].name == nil && alone.images[0].tag == nil)
        try docker.output(["tag", image.reference, "merged/other:2"])
        let other = bench.directory.path("other.tar")
        try docker.output(["save", "--output", other, "merged/other:2"])
        let both = try merge([image.output, other, nameless])
        #expect(both.images.map(\.names) == [["merged/one:1", "merged/other:2"]])
    }

    @Test("Different images with one name and tag are an error, unless the last one may win")
    func clash() throws {
        let first = try bench.layered(#"{"name": "same", "tag": "1", "config": {"User": "a"}}"#, output: "first.tar")
        let second = try bench.layered(#"{"name": "same", "tag": "1", "config": {"User": "b"}}"#, output: "second.tar")
        let outcome = try bench.run(["merge", first.output, second.output, "-o", bench.directory.path("out.tar")])
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("both have an image named same:1, and the images differ"))
        #expect(outcome.errors.contains("first.tar and ") && outcome.errors.contains("--last-wins"))
        #expect(!FileManager.default.fileExists(atPath: bench.directory.path("out.tar")))
        let result = try merge([first.output, second.output, "--last-wins"])
        #expect(result.images.map(\.imageID) == [second.imageID])
        // The same image twice is no conflict.
        #expect(try merge([first.output, first.output]).images.map(\.imageID) == [first.imageID])
    }

    @Test("Images for different architectures can be merged")
    func architectures() throws {
        let images = try ["amd64", "arm64"].map {
            try bench.layered("{\"name\": \"\($0)\", \"architecture\": \"\($0)\"}", output: "\($0).tar")
        }
        #expect(try merge(images.map(\.output)).images.map(\.imageID) == images.map(\.imageID))
    }

    @Test("An output cannot replace an input")
    func outputIsInput() throws {
        let image = try images()[0]
        let outcome = try bench.run(["merge", image.output, "-o", image.output])
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("it is also an input"))
    }
}
