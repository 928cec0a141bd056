import Errors
import Foundation
import Images
import OCI
import TestSupport
import Testing

@Suite("Directories of a manifest and blobs")
struct BlobDirectoryTests {
    private let directory: TemporaryDirectory
    private let layers: [[UInt8]]

    init() throws {
        directory = try TemporaryDirectory()
        layers = [
            try TestTar.files([("one", Array("1".utf8))]),
            try TestTar.files([("two", [UInt8](repeating: 2, count: 20_000))]),
        ]
        var layout = CraftedLayout()
        layout.index(try layout.image(layers.map { ($0, nil) }, more: CraftedLayout.named("v1")))
        try layout.write(to: directory, "in")
    }

    private func copy(_ arguments: String...) throws {
        try Program.output(
            ["skopeo", "copy", "--insecure-policy"] + arguments
                + ["oci:\(directory.path("in")):v1", "dir:\(directory.path("out"))"])
    }

    @Test("of skopeo are read", arguments: ["oci", "v2s2"])
    func skopeo(format: String) throws {
        try copy("--format", format)
        let archive = try directory.openArchive("out")
        #expect(archive.form == .directory)
        #expect(archive.images.map(\.names) == [[]])
        #expect(try archive.layerBytes() == layers)
    }

    @Test("of an index are read for the platform")
    func index() throws {
        var layout = CraftedLayout()
        let images = try ["arm64", "amd64"].map { architecture in
            try layout.image(
                [(layers[architecture == "amd64" ? 1 : 0], nil)], architecture: architecture,
                more: CraftedLayout.platform("linux", architecture))
        }
        layout.index(
            try layout.blob(
                CraftedLayout.index(images), CraftedLayout.indexType, more: CraftedLayout.named("v1")))
        try layout.write(to: directory, "in")
        try copy("--all")
        var context = directory.reading
        context.platform.architecture = "amd64"
        let archive = try ImageArchive.open(.init(directory.path("out")), context)
        #expect(try archive.layerBytes() == [layers[1]])
    }

    @Test("are compared with their digests")
    func damaged() throws {
        try copy()
        let blob = try #require(
            FileManager.default.contentsOfDirectory(atPath: directory.path("out")).first { $0.count == 64 })
        let path = directory.path("out/\(blob)")
        var bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        bytes[bytes.count / 2] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let failure = try #require(throws: ToolError.self) { try directory.openArchive("out").layerBytes() }
        #expect(failure.code == .data)
    }

    @Test("with an artifact or an old manifest are refused")
    func noImage() throws {
        try FileManager.default.createDirectory(atPath: directory.path("a"), withIntermediateDirectories: true)
        let blob = #"{"mediaType":"text/plain","digest":"sha256:\#(String(repeating: "0", count: 64))","size":1}"#
        let artifact = Array(#"{"schemaVersion":2,"config":\#(blob),"layers":[\#(blob)]}"#.utf8)
        try directory.write(artifact, to: "a/manifest.json")
        let failure = try #require(throws: ToolError.self) { try directory.openArchive("a") }
        #expect(failure.cause == "it is not an image, but an artifact: text/plain")
        try directory.write(Array(#"{"schemaVersion":1,"fsLayers":[]}"#.utf8), to: "a/manifest.json")
        let old = try #require(throws: ToolError.self) { try directory.openArchive("a") }
        #expect(old.cause.hasPrefix("schemaVersion of the manifest sha256:"))
    }
}
