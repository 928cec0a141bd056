import ByteIO
import Compression
import Foundation
import Glibc
import Images
import JSON
import OCI
import SystemPackage
import TestSupport
import Testing

struct OCIWriterTests {
    private let directory: TemporaryDirectory
    private static let store = StorePathOfTests.path

    init() throws { directory = try TemporaryDirectory() }

    private static func tar(_ byte: UInt8, _ count: Int = 30_000) throws -> [UInt8] {
        try TestTar.files([("file\(byte)", [UInt8](repeating: byte, count: count))])
    }

    private static func layer(_ byte: UInt8, _ count: Int = 30_000, inStore: Bool = true) throws -> FakeLayer {
        FakeLayer(try tar(byte, count), storePaths: inStore ? [store].compactMap { $0 } : [], title: "layer \(byte)")
    }

    private static func image(_ layers: [any Layer], tag: String = "v1") -> FakeImage {
        FakeImage(name: "host:5000/app", tag: tag, layers: layers, extraMembers: [("buildArgs.json", Array("{}".utf8))])
    }

    /// - Parameter appends: whether the file does not support backpatching, like a pipe.
    @discardableResult
    private func archive(
        _ images: [any Image], _ compressor: Compressor = .none, appends: Bool = false, to name: String = "a.tar",
        progress: any Images.Progress = ProgressLog()
    ) throws -> [ImageSummary] {
        let path = try directory.write([], to: name)
        let descriptor = open(path, O_WRONLY | O_TRUNC | (appends ? O_APPEND : 0))
        defer { close(descriptor) }
        let sink = DescriptorSink(descriptor, name: path)
        return try OCIArchiveWriter(
            to: sink, compressor: compressor, spool: directory.reading.spool, progress: progress
        ).write(images)
    }

    @discardableResult
    private func layout(
        _ images: [any Image], _ compressor: Compressor = .none, to name: String = "layout"
    ) throws -> (written: [ImageSummary], size: UInt64) {
        try FileManager.default.createDirectory(atPath: directory.path(name), withIntermediateDirectories: false)
        let writer = OCILayoutWriter(
            in: FilePath(directory.path(name)), compressor: compressor, progress: ProgressLog())
        return (try writer.write(images), writer.size)
    }

    /// The names and contents of all files of a layout.
    private func files(_ name: String = "layout") throws -> [String: [UInt8]] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: directory.path(name))
            .filter { $0 != "blobs" && $0 != "blobs/sha256" }
        return Dictionary(uniqueKeysWithValues: try names.map { ($0, try directory.read("\(name)/\($0)")) })
    }

    private static func blobs(_ files: [String: [UInt8]]) -> Set<String> {
        Set(files.keys.filter { $0.hasPrefix("blobs/") })
    }

    @Test func aLayoutHasTheseFilesAndNoOthers() throws {
        let layers = [try Self.layer(1), try Self.layer(2, inStore: false)]
        let (written, size) = try layout([Self.image(layers)])
        let files = try files()
        let ids = try layers.map { try SHA256.digest(of: $0.bytes) }
        let config = Self.image(layers).config.with(diffIDs: ids).bytes
        let imageID = try SHA256.digest(of: config)
        let type = "application/vnd.oci.image"
        let manifest =
            #"{"config":{"digest":"\#(imageID)","mediaType":"\#(type).config.v1+json","size":\#(config.count)},"#
            + #""layers":[{"digest":"\#(ids[0])","mediaType":"\#(type).layer.v1.tar","size":\#(layers[0].size)},"#
            + #"{"digest":"\#(ids[1])","mediaType":"\#(type).layer.v1.tar","size":\#(layers[1].size)}],"#
            + #""mediaType":"\#(type).manifest.v1+json","schemaVersion":2}"#
        let manifestID = try SHA256.digest(of: Array(manifest.utf8))
        let index =
            #"{"manifests":[{"annotations":{"io.containerd.image.name":"host:5000/app:v1","#
            + #""org.opencontainers.image.ref.name":"v1"},"digest":"\#(manifestID)","#
            + #""mediaType":"\#(type).manifest.v1+json","size":\#(manifest.utf8.count)}],"#
            + #""mediaType":"\#(type).index.v1+json","schemaVersion":2}"#
        let expected: [String: [UInt8]] = [
            "oci-layout": Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), "index.json": Array(index.utf8),
            "blobs/sha256/\(ids[0].hex)": layers[0].bytes, "blobs/sha256/\(ids[1].hex)": layers[1].bytes,
            "blobs/sha256/\(imageID.hex)": config, "blobs/sha256/\(manifestID.hex)": Array(manifest.utf8),
        ]
        #expect(Set(files.keys) == Set(expected.keys))
        for (name, bytes) in expected { #expect(files[name] == bytes) }
        #expect(size == UInt64(expected.values.map(\.count).reduce(0, +)))
        #expect(written.map(\.imageID) == [imageID])
        #expect(written.map(\.names) == [[ImageName("host:5000/app:v1")]])
        #expect(written.first?.layers.map(\.diffID) == ids)
        #expect(written.first?.layers.map(\.size) == layers.map(\.size))
    }

    @Test(arguments: Compressor.allCases) func anArchiveIsTheSameToAFileAndToAPipe(_ compressor: Compressor) throws {
        func images() throws -> [any Image] {
            [
                Self.image(try (1...9).map { try Self.layer($0, Int($0) * 50_000) }),
                Self.image([try Self.layer(9, 450_000), try Self.layer(10, inStore: false)], tag: "v2"),
            ]
        }
        let written = try archive(images(), compressor)
        try archive(images(), compressor, to: "again.tar")
        try archive(images(), compressor, appends: true, to: "pipe.tar")
        let bytes = try directory.read("a.tar")
        #expect(try directory.read("again.tar") == bytes)
        #expect(try directory.read("pipe.tar") == bytes)
        // A layout holds the same blobs.
        try layout(images(), compressor)
        let members = String(decoding: try Program.output(["tar", "-tf", directory.path("a.tar")]), as: UTF8.self)
            .split(separator: "\n").map(String.init)
        #expect(members.count == Set(members).count)
        let layoutFiles = try files()
        #expect(Set(members) == Set(layoutFiles.keys).union(["manifest.json"]))
        for (name, bytes) in layoutFiles {
            #expect(try Program.output(["tar", "-xOf", directory.path("a.tar"), name]) == bytes)
        }
        // The archive is read by its manifest.json, the layout by its index.json.
        for read in [try directory.openArchive("a.tar"), try directory.openArchive("layout")] {
            #expect(read.images.map(\.imageID) == written.map(\.imageID))
            #expect(read.images.map(\.names) == written.map(\.names))
            #expect(try read.layerBytes(0) == (1...9).map { try Self.tar($0, Int($0) * 50_000) })
            #expect(try read.layerBytes(1) == [Self.tar(9, 450_000), Self.tar(10)])
        }
    }

    @Test(arguments: Compressor.allCases) func skopeoTakesBoth(_ compressor: Compressor) throws {
        let layers = [try Self.layer(1), try Self.layer(2), try Self.layer(1)]
        let imageID = try #require(try archive([Self.image(layers)], compressor).first?.imageID)
        try layout([Self.image(layers)], compressor)
        let sources = ["oci-archive:\(directory.path("a.tar"))", "oci:\(directory.path("layout")):v1"]
        for (number, source) in sources.enumerated() {
            let inspection = try Program.output(["skopeo", "inspect", "--config", "--raw", source])
            #expect(try SHA256.digest(of: inspection) == imageID)
            let copy = "copy\(number)"
            // Skopeo writes no zstd to a docker-archive.
            try Program.output(["skopeo", "copy", "--insecure-policy", source, "oci:\(directory.path(copy)):1"])
            #expect(try directory.openArchive(copy).layerBytes() == layers.map(\.bytes))
        }
        let list = try Program.output(["umoci", "list", "--layout", directory.path("layout")])
        #expect(String(decoding: list, as: UTF8.self) == "v1\n")
        let stat = try Program.output(["umoci", "stat", "--json", "--image", "\(directory.path("layout")):v1"])
        #expect(String(decoding: stat, as: UTF8.self).contains("\"comment\":\"made\""))
    }

    @Test(arguments: [false, true]) func aRepeatedLayerIsOneBlob(_ appends: Bool) throws {
        func layers() throws -> [FakeLayer] { try [1, 2, 1, 1].map { try Self.layer($0, inStore: false) } }
        let written = try archive([Self.image(layers()), Self.image(layers(), tag: "v2")], .gz, appends: appends)
        let list = String(decoding: try Program.output(["tar", "-tf", directory.path("a.tar")]), as: UTF8.self)
        // Two layers, one config and one manifest for two identical images.
        #expect(list.split(separator: "\n").filter { $0.hasPrefix("blobs/") }.count == 4)
        let image = try #require(try directory.openArchive("a.tar").images.first)
        let names = image.archivedLayers.map(\.name)
        #expect(names.count == 4)
        #expect(Set(names).count == 2)
        #expect([names[0], names[0]] == [names[2], names[3]])
        #expect(written.first?.layers.count == 4)
    }

    @Test func layersOfABaseStayAsTheyAreCompressed() throws {
        let plain = [try Self.tar(1), try Self.tar(2), try Self.tar(3)]
        // Compressed with other levels than this program uses.
        let stored = [
            try Program.output(["gzip", "-1nc"], input: plain[0]),
            try Program.output(["zstd", "-1c"], input: plain[1]),
            plain[2],
        ]
        var base = CraftedLayout()
        base.index(try base.image(zip(stored, plain).map { ($0, try SHA256.digest(of: $1)) }))
        try base.write(to: directory, "base")
        let layers = try #require(try directory.openArchive("base").images.first).layers
        let names = try stored.map { "blobs/sha256/\(try SHA256.digest(of: $0).hex)" }
        for (compressor, kept) in [(Compressor.gz, [0]), (.zstd, [1]), (.none, [2])] {
            let image = Self.image(layers + [try Self.layer(4)])
            try archive([image], compressor)
            try layout([image], compressor, to: "\(compressor)")
            let files = try files("\(compressor)")
            #expect(names.indices.filter { files[names[$0]] != nil } == kept)
            for index in kept { #expect(files[names[index]] == stored[index]) }
            for name in ["a.tar", "\(compressor)"] {
                let read = try directory.openArchive(name)
                #expect(try read.layerBytes() == plain + [Self.tar(4)])
            }
        }
    }

    @Test func namesAreAnnotationsOfWhichEachHasItsOwn() throws {
        let image = NamedImage(names: [ImageName("h/a:1"), ImageName("h/b:2"), ImageName(name: nil, tag: "3")])
        let nameless = NamedImage(names: [])
        try layout([image, nameless])
        let index = try JSONValue(parsing: directory.read("layout/index.json"), source: "index", limit: 1 << 20)
        let annotations = index["manifests"]?.array?.map { $0["annotations"] }
        #expect(
            annotations == [
                ["io.containerd.image.name": "docker.io/h/a:1", "org.opencontainers.image.ref.name": "1"],
                ["io.containerd.image.name": "docker.io/h/b:2", "org.opencontainers.image.ref.name": "2"],
                ["org.opencontainers.image.ref.name": "3"], nil,
            ])
        #expect(try directory.openArchive("layout").images.flatMap(\.names) == image.names)
    }

    @Test func tellsOfEachLayerAndOfAllItsBytes() throws {
        let log = ProgressLog()
        let layers = [try Self.layer(3), try Self.layer(4, 512), try Self.layer(5, inStore: false)]
        try archive([Self.image(layers)], .gz, progress: log)
        #expect(log.layers == layers.enumerated().map { "\($0 + 1)/3 \($1.title) \($1.size)" })
        #expect(log.bytes == layers.reduce(0) { $0 + $1.bytes.count })
    }

    @Test func leavesNoHalfBlobUnderItsNameWhereALayerFails() throws {
        try Self.failing { try archive([Self.image([try Self.layer(1), FailingLayer()])]) }
        try Self.failing { _ = try layout([Self.image([try Self.layer(1), FailingLayer()])]) }
        let files = try files()
        #expect(Self.blobs(files).count == 2)
        #expect(files["blobs/partial"] != nil)
        #expect(files["index.json"] == nil)
    }

    private static func failing(_ body: () throws -> Void) throws {
        #expect(throws: FailingLayer.Fails.self) { try body() }
    }
}
