import ByteIO
import Errors
import Glibc
import Images
import OCI
import TestSupport
import Testing

@Suite("The docker-archive of skopeo 1.9")
struct SkopeoArchiveWriterTests {
    private let directory: TemporaryDirectory
    private let one: [UInt8]
    private let two: [UInt8]
    /// Two blocks of zeros: the layer without files that Docker makes.
    private let empty = [UInt8](repeating: 0, count: 1024)

    init() throws {
        directory = try TemporaryDirectory()
        one = try TestTar.files([("one", Array("1".utf8))])
        two = try TestTar.files([("two", [UInt8](repeating: 2, count: 20_000))])
    }

    /// A config in an unusual spelling.
    private static func config(_ diffIDs: [Digest]) -> [UInt8] {
        let ids = diffIDs.map { "\"\($0)\"" }.joined(separator: ", ")
        return Array(
            """
            {"zzz": 1, "os":"linux", "config" : {"Z":1,"Env":["A=<b>&\u{2028}\u{2029} x", "Q=\\"  \\\\"],
              "Labels":{"b":"  {x, y} ","a":"\\u003c \\/", "": "ü" }, "E": { }, "n":1.50e3 , "Entrypoint":null},
              "created":"2020-01-01T00:00:00.12Z", "container_config": {"Cmd": ["b", "a"]}, "docker_version": "20.10",
              "rootfs":{"type":"layers","diff_ids":[\(ids)]}, "architecture":"amd64",
              "history":[{"created_by":"x"},{"created_by":"y","empty_layer":true}]}
            """.utf8)
    }

    /// An image in a layout.
    private func image(
        _ layers: [[UInt8]], _ compressed: Compressed, config: (([Digest]) -> [UInt8]) = config
    ) throws -> ArchivedImage {
        var layout = CraftedLayout()
        let type = CraftedLayout.layerType + (compressed == .none ? "" : "+\(compressed)")
        let stored = try layers.map { try layout.blob(compressed.bytes($0), type) }
        let config = try layout.blob(config(layers.map { try SHA256.digest(of: $0) }), CraftedLayout.configType)
        let manifest = CraftedLayout.manifest(config: config, layers: stored)
        layout.index(try layout.blob(manifest, CraftedLayout.manifestType, more: CraftedLayout.named("1")))
        try layout.write(to: directory)
        return try directory.openArchive("layout").images[0]
    }

    /// - Parameter appends: whether the file does not support backpatching, like a pipe.
    private func archive(
        _ image: any Image, as name: String = "redis:latest", appends: Bool = false,
        progress: any Progress = ProgressLog()
    ) throws -> (written: ImageSummary, bytes: [UInt8]) {
        let path = try directory.write([], to: "archive")
        let descriptor = open(path, O_WRONLY | O_TRUNC | (appends ? O_APPEND : 0))
        defer { close(descriptor) }
        let sink = DescriptorSink(descriptor, name: path)
        let written = try SkopeoArchiveWriter(to: sink, progress: progress).write(image, as: ImageName(name))
        return (written, try directory.read("archive"))
    }

    private func skopeo(as name: String = "redis:latest") throws -> [UInt8] {
        let path = directory.path("skopeo.tar")
        try Program.output([
            "skopeo", "copy", "--insecure-policy", "oci:\(directory.path("layout")):1",
            "docker-archive:\(path):\(name)",
        ])
        defer { unlink(path) }
        return try directory.read("skopeo.tar")
    }

    @Test(
        "has the same bytes as skopeo's, for an image with an empty layer and repeated layers",
        arguments: [false, true])
    func isSkopeos(appends: Bool) throws {
        for compressed in [Compressed.none, .gzip] {
            let image = try image([one, two, empty, one, empty], compressed)
            let (written, bytes) = try archive(image, appends: appends)
            #expect(try bytes == skopeo())
            #expect(written.imageID == image.imageID)
            #expect(written.names == [ImageName(name: "redis", tag: "latest")])
            #expect(written.layers.map(\.diffID) == image.config.diffIDs)
            #expect(written.layers.map(\.size) == [one, two, empty, one, empty].map { UInt64($0.count) })
        }
    }

    @Test(
        "contains the full name of the image, as skopeo's does",
        arguments: [
            "app:v1.0", "team/app:1", "localhost/app:1", "localhost:5000/team/app:x", "registry.example/app:1",
            "index.docker.io/app:1", "docker.io/team/app:1", "a.b/c/d/e:Tag_1",
        ])
    func names(name: String) throws {
        #expect(try archive(image([one], .gzip), as: name).bytes == skopeo(as: name))
    }

    @Test("does not depend on the compression of the layers", arguments: Compressed.allCases)
    func compressions(compressed: Compressed) throws {
        let expected = try archive(image([one, two], .none)).bytes
        #expect(try archive(image([one, two], compressed)).bytes == expected)
    }

    @Test("has empty repositories for an image without layers")
    func noLayers() throws {
        let (written, bytes) = try archive(image([], .none))
        #expect(try bytes == skopeo())
        #expect(written.layers.isEmpty)
    }

    @Test("has null for members that a minimal config does not have")
    func smallConfig() throws {
        let image = try image([one], .gzip) { CraftedLayout.config($0) }
        #expect(try archive(image).bytes == skopeo())
    }

    @Test("is read back as the same image")
    func isReadBack() throws {
        let image = try image([one, two, one], .gzip)
        _ = try archive(image, as: "host:5000/app:v1")
        let read = try directory.openArchive("archive")
        #expect(read.images.map(\.imageID) == [image.imageID])
        #expect(read.images[0].names.map(\.description) == ["host:5000/app:v1"])
        #expect(try read.layerBytes() == [one, two, one])
    }

    @Test("reports the progress of each layer")
    func progress() throws {
        let log = ProgressLog()
        _ = try archive(image([one, two, one], .gzip), progress: log)
        #expect(log.layers == [one, two, one].enumerated().map { "\($0 + 1)/3 base layer \($1.count)" })
        #expect(log.bytes == one.count + two.count)
    }

    @Test("is not written if a layer does not have the digest that the config states")
    func wrongDigest() throws {
        let image = try image([one], .gzip) { _ in
            CraftedLayout.config([Digest(hex: String(repeating: "0", count: 64))].compactMap { $0 })
        }
        let failure = #expect(throws: ToolError.self) { try archive(image) }
        #expect(failure?.code == .data)
        #expect(failure?.cause.contains("decompressed it has the digest sha256:") == true)
    }
}
