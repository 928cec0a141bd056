import Foundation
import TestSupport
import Testing

@Suite("Pulled archives")
struct PulledBytesTests {
    private let bench: PullFixture
    private var name: String { bench.name }

    init() throws { bench = try PullFixture() }

    /// Pulls an image and compares the archive with skopeo's.
    ///
    /// - Parameters:
    ///   - image: repository and tag or digest.
    ///   - final: the image's name and tag in the archive.
    private func compare(
        _ image: String, as final: String = "redis:latest", _ options: [String] = [], skopeo: [String] = []
    ) throws -> Bool {
        let parts = final.split(separator: ":").map(String.init)
        try bench.output(
            [
                "pull", "\(name)/\(image)", "--final-image-name", parts[0], "--final-image-tag", parts[1], "-o",
                "ours.tar",
            ]
                + options)
        try bench.archive(image, as: final, to: "theirs.tar", skopeo)
        let isSame = try bench.areSame("ours.tar", "theirs.tar")
        try FileManager.default.removeItem(atPath: bench.directory.path("theirs.tar"))
        return isSame
    }

    @Test(
        "The archive has skopeo's bytes, for OCI and Docker manifests, and for empty and repeated layers",
        arguments: [("oci", "gzip"), ("oci", "none"), ("docker", "gzip"), ("docker", "none")])
    func crafted(kind: String, compression: String) throws {
        let image = try bench.push(
            "bytes-\(kind)/\(compression):1", kind: kind, compression: compression,
            layers: ["one", "two", "empty", "one", "empty"])
        #expect(try compare("bytes-\(kind)/\(compression):1"))
        #expect(try compare("bytes-\(kind)/\(compression)@\(image.digest)", as: "team/app:v1"))
    }

    @Test("The archive has skopeo's bytes, for an image with many layers and one without layers")
    func numbersOfLayers() throws {
        try bench.push("bytes-many:1", layers: (1...60).map { "layer\($0)" })
        #expect(try compare("bytes-many:1"))
        try bench.push("bytes-none:1", layers: [])
        #expect(try compare("bytes-none:1"))
    }

    @Test("The image of an index is chosen by --arch, whatever the machine is")
    func index() throws {
        var entries: [String] = []
        for architecture in ["arm64", "amd64"] {
            let image = try bench.push(
                "bytes-index:\(architecture)", architecture: architecture, layers: ["shared", architecture])
            let size = try bench.directory.read("bytes-index-\(architecture)/manifest.json").count
            entries.append(
                #"{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"\#(image.digest)","size":\#(size),"#
                    + #""platform":{"os":"linux","architecture":"\#(architecture)"}}"#)
        }
        let type = "application/vnd.oci.image.index.v1+json"
        let index = #"{"schemaVersion":2,"mediaType":"\#(type)","manifests":[\#(entries.joined(separator: ","))]}"#
        let digest = try bench.put(index, type, as: "bytes-index:1")
        for image in ["bytes-index:1", "bytes-index@\(digest)"] {
            #expect(try compare(image, skopeo: ["--override-arch", "amd64"]))
            let amd64 = try bench.directory.read("ours.tar")
            #expect(try compare(image, ["--arch", "aarch64"], skopeo: ["--override-arch", "arm64"]))
            #expect(try bench.directory.read("ours.tar") != amd64)
        }
        let outcome = try bench.run(["pull", "\(name)/bytes-index:1", "--arch", "s390x"])
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("has no image for linux/s390x"))
        #expect(outcome.errors.contains("linux/arm64, linux/amd64"))
    }

    @Test("zstd layers, which skopeo does not support here, give the same archive as gzip layers")
    func zstd() throws {
        for compression in ["zstd", "gzip"] {
            try bench.push("bytes-zstd:\(compression)", compression: compression, layers: ["one", "two", "empty"])
            try bench.output([
                "pull", "\(name)/bytes-zstd:\(compression)", "--final-image-tag", "1", "-o", "\(compression).tar",
            ])
        }
        #expect(try bench.areSame("zstd.tar", "gzip.tar"))
    }

    @Test("The archive of an image pushed by docker has skopeo's bytes, loads and runs")
    func dockers() throws {
        let docker = try DockerDaemon.shared
        let image = "\(name)/bytes-docker/built:1"
        try docker.output(["tag", DockerBuild.base.name, image])
        try docker.output(["push", "--quiet", image])
        #expect(try compare("bytes-docker/built:1", as: "pulled/from-docker:7"))
        try docker.load(bench.directory.path("ours.tar"))
        #expect(try docker.runImage("pulled/from-docker:7") == "one\n")
    }

    @Test("The second pull reads the cache")
    func cached() throws {
        try bench.push("bytes-cached:1", layers: ["one", "two"])
        try bench.output(["pull", "\(name)/bytes-cached:1", "-o", "first.tar"])
        #expect(bench.blobRequests("bytes-cached") == 3)
        try bench.output(["pull", "\(name)/bytes-cached:1", "-o", "second.tar"])
        #expect(bench.blobRequests("bytes-cached") == 3)
        #expect(try bench.areSame("first.tar", "second.tar"))
    }
}
