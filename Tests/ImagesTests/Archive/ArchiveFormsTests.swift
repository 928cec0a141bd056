import Foundation
import Images
import OCI
import SystemPackage
import TestSupport
import Testing

/// All forms of docker-archives, uncompressed and compressed, from a file and from a pipe.
struct ArchiveFormsTests {
    private let directory: TemporaryDirectory
    private let one: [UInt8]
    private let two: [UInt8]
    private let config: [UInt8]

    init() throws {
        directory = try TemporaryDirectory()
        one = try TestTar.files([("one", Array("1".utf8))])
        two = try TestTar.files([("two", [UInt8](repeating: 2, count: 20_000))])
        // The image has the lowest layer twice.
        config = CraftedLayout.config(try [one, two, one].map { try SHA256.digest(of: $0) })
    }

    private func manifest(_ config: String, _ layers: [String]) -> String {
        let names = layers.map { "\"\($0)\"" }.joined(separator: ",")
        return #"[{"Config":"\#(config)","RepoTags":["app:1"],"Layers":[\#(names)]}]"#
    }

    /// The form that Docker before version 25 wrote.
    ///
    /// - Parameters:
    ///   - root: the prefix of each name.
    ///   - link: the entry of the repeated layer.
    private func old(root: String, _ link: CraftedEntry) throws -> [UInt8] {
        let name = "\(try SHA256.digest(of: config).hex).json"
        func file(_ name: String, _ body: [UInt8]) -> CraftedEntry {
            var entry = CraftedEntry.file(root + name)
            entry.body = body
            return entry
        }
        var link = link
        link.path = Array(root.utf8) + link.path
        return try CraftedLayers.tar([
            .directory("\(root)a/"), .file("\(root)a/VERSION", "1.0"), .file("\(root)a/json", "{}"),
            file("a/layer.tar", one), .directory("\(root)b/"), file("b/layer.tar", two), .directory("\(root)c/"), link,
            file(name, config),
            file("manifest.json", Array(manifest(name, ["a", "b", "c"].map { "\($0)/layer.tar" }).utf8)),
            .file("\(root)repositories", "{}"),
        ])
    }

    /// The form that Docker 25 and later write: an OCI layout with a manifest.json.
    private func new() throws -> [UInt8] {
        var layout = CraftedLayout()
        layout.index(try layout.image([(one, nil), (two, nil), (one, nil)]))
        let layers = try [one, two, one].map { "blobs/sha256/\(try SHA256.digest(of: $0).hex)" }
        let name = "blobs/sha256/\(try SHA256.digest(of: config).hex)"
        #expect(layout.files[name] == config)
        layout.files["manifest.json"] = Array(manifest(name, layers).utf8)
        layout.files["repositories"] = Array("{}".utf8)
        return try layout.tar()
    }

    private func check(_ tar: [UInt8], _ compressed: Compressed) throws {
        try directory.write(compressed.bytes(tar), to: "a.tar")
        try? FileManager.default.removeItem(atPath: directory.path("a.tar.fifo"))
        for archive in [try directory.openArchive("a.tar"), try directory.openThroughPipe("a.tar")] {
            #expect(archive.form == .docker)
            #expect(archive.images.map(\.names) == [[ImageName("app:1")]])
            #expect(archive.images.map(\.imageID) == [try SHA256.digest(of: config)])
            #expect(try archive.layerBytes() == [one, two, one])
        }
    }

    @Test(arguments: Compressed.allCases) func readsThoseOfDockerBefore25(_ compressed: Compressed) throws {
        let links = [
            CraftedEntry.link("c/layer.tar", "../a/layer.tar"), .hardLink("c/layer.tar", "a/layer.tar"),
            .link("c/layer.tar", "/a/layer.tar"), .link("c/layer.tar", "./../b/.././/a/layer.tar"),
        ]
        for link in links { try check(old(root: "", link), compressed) }
        for root in ["/", "./", ".//"] { try check(old(root: root, links[0]), compressed) }
    }

    @Test(arguments: Compressed.allCases) func readsThoseOfDocker25(_ compressed: Compressed) throws {
        try check(new(), compressed)
    }

    @Test(arguments: Compressed.allCases) func readsLayersThatAreCompressedInside(_ compressed: Compressed) throws {
        let layers = try [one, two, one].map { try compressed.bytes($0) }
        let members: [(name: String, body: [UInt8])] = [
            ("c.json", config), ("0", layers[0]), ("1", layers[1]), ("2", layers[2]),
            ("manifest.json", Array(manifest("c.json", ["0", "1", "2"]).utf8)),
        ]
        try check(TestTar.files(members), .none)
        try check(TestTar.files(members), .gzip)
    }

    @Test func readsWhatPodmanAndSkopeoWrite() throws {
        try directory.write(old(root: "", .link("c/layer.tar", "../a/layer.tar")), to: "in.tar")
        // Podman limits the path to 50 characters.
        let run = "/tmp/podman-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: run) }
        let podman = ["podman", "--root", directory.path("root"), "--runroot", run, "--storage-driver", "vfs"]
        try Program.output(podman + ["load", "--input", directory.path("in.tar")])
        for format in ["docker-archive", "oci-archive"] {
            try Program.output(
                podman + ["save", "--format", format, "--output", directory.path("\(format).tar"), "localhost/app:1"])
            let archive = try directory.openArchive("\(format).tar")
            #expect(archive.form == (format == "oci-archive" ? .oci : .docker))
            #expect(try archive.layerBytes() == [one, two, one])
            #expect(archive.images.first?.names.first?.name == "localhost/app")
            #expect(archive.images.first?.names.first?.tag == "1")
        }
        try Program.output(
            [
                "skopeo", "copy", "--insecure-policy", "docker-archive:\(directory.path("in.tar"))",
                "docker-archive:\(directory.path("skopeo.tar")):example.org/a:w",
            ])
        let archive = try directory.openArchive("skopeo.tar")
        #expect(archive.images.map(\.names) == [[ImageName("example.org/a:w")]])
        #expect(try archive.layerBytes() == [one, two, one])
    }

    @Test func leavesOutLayersThatNobodyReads() throws {
        var context = directory.reading
        context.keepsLayers = false
        try directory.write(Compressed.gzip.bytes(new()), to: "a.tar")
        let archive = try ImageArchive.open(FilePath(directory.path("a.tar")), context)
        let layer = try #require(archive.images.first?.archivedLayers.first)
        #expect(layer.size == UInt64(one.count))
        let failure = #expect(throws: (any Error).self) { _ = try layer.open() }
        #expect("\(String(describing: failure))".contains("it was skipped when the archive was read"))
    }
}
