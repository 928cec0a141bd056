import ByteIO
import Errors
import Images
import OCI
import SystemPackage
import Tar
import TestSupport
import Testing

struct DockerManifestTests {
    typealias Member = (name: String, body: [UInt8])

    static let layer = [UInt8](repeating: 0, count: 10240)
    static let diffID = "sha256:" + String(repeating: "1", count: 64)

    static func config(diffIDs: Int = 1) -> [UInt8] {
        // White space and the order of keys are part of the bytes that are hashed.
        let ids = Array(repeating: "\"\(diffID)\"", count: diffIDs).joined(separator: ", ")
        return Array(#"{"os": "linux", "architecture":"amd64","rootfs":{"type":"layers","diff_ids":[\#(ids)]}}"#.utf8)
    }

    static func manifest(_ config: String, tags: String = #"["app:1"]"#, layers: [String] = ["l/layer.tar"]) -> [UInt8]
    {
        let names = layers.map { "\"\($0)\"" }.joined(separator: ",")
        return Array(#"[{"Config":"\#(config)","RepoTags":\#(tags),"Layers":[\#(names)]}]"#.utf8)
    }

    static func read(_ members: [Member]) throws -> ImageArchive {
        try ArchiveOnDisk(TestTar.files(members)).open()
    }

    /// The cause of the error for an archive that is refused.
    static func refusal(
        _ members: [Member], sourceLocation: SourceLocation = #_sourceLocation
    ) -> String? {
        let failure = #expect(throws: ToolError.self, sourceLocation: sourceLocation) { try read(members) }
        #expect(failure?.code == .data, sourceLocation: sourceLocation)
        #expect(failure?.message.hasPrefix("cannot read ") == true, sourceLocation: sourceLocation)
        return failure?.cause
    }

    @Test func readsAnImage() throws {
        let config = Self.config()
        let imageID = try SHA256.digest(of: config)
        let members: [Member] = [
            ("l/layer.tar", Self.layer), ("l/VERSION", Array("1.0".utf8)), ("l/json", Array("{}".utf8)),
            ("\(imageID.hex).json", config), ("manifest.json", Self.manifest("\(imageID.hex).json")),
        ]
        // The manifest may come first or last.
        for order in [members, members.reversed()] {
            let archive = try Self.read(order)
            #expect(archive.name.hasSuffix("/a.tar'"))
            #expect(archive.buildArgs == nil)
            let image = try #require(archive.images.first)
            #expect(archive.images.count == 1)
            #expect(image.source == archive.name)
            #expect(image.names == [ImageName("app:1")])
            #expect(image.config.bytes == config)
            #expect(image.config.json["os"] == "linux")
            #expect(image.imageID == imageID)
            let diffID = try #require(Digest(Self.diffID))
            #expect(image.archivedLayers.map(\.name) == ["l/layer.tar"])
            #expect(image.archivedLayers.map(\.size) == [10240])
            #expect(image.archivedLayers.map(\.statedDiffID) == [diffID])
        }
    }

    @Test func readsNamesThatBeginWithADot() throws {
        let archive = try Self.read([
            ("./c.json", Self.config()), (".//l/layer.tar", Self.layer), ("././manifest.json", Self.manifest("c.json")),
        ])
        #expect(archive.images.count == 1)
    }

    @Test func readsCompressedArchives() throws {
        let tar = try TestTar.files([
            ("c.json", Self.config()), ("l/layer.tar", Self.layer), ("manifest.json", Self.manifest("c.json")),
        ])
        let directory = try TemporaryDirectory()
        let gzip = try Program.output(["gzip", "-c"], input: tar)
        try directory.write(gzip, to: "a.tar.gz")
        let archive = try directory.openArchive("a.tar.gz")
        #expect(archive.images.map(\.names) == [[ImageName("app:1")]])
        // A checksum after the end of the tar is verified too.
        try directory.write(Array(gzip.dropLast()), to: "a.tar.gz")
        let failure = #expect(throws: ToolError.self) { try directory.openArchive("a.tar.gz") }
        #expect(failure?.cause == "the gzip stream is truncated")
    }

    @Test func readsWhatSkopeoWrites() throws {
        let layer = try TestTar.files([("hello", Array("world".utf8))])
        let diffID = try SHA256.digest(of: layer)
        let config = String(decoding: Self.config(), as: UTF8.self).replacing(Self.diffID, with: "\(diffID)")
        let directory = try TemporaryDirectory()
        try directory.write(
            TestTar.files([
                ("c.json", Array(config.utf8)), ("l/layer.tar", layer), ("manifest.json", Self.manifest("c.json")),
            ]), to: "in.tar")
        try Program.output(
            [
                "skopeo", "copy", "--insecure-policy", "docker-archive:\(directory.path("in.tar"))",
                "docker-archive:\(directory.path("out.tar")):example.org/n:t",
            ])
        let archive = try directory.openArchive("out.tar")
        let image = try #require(archive.images.first)
        #expect(image.names == [ImageName("example.org/n:t")])
        #expect(image.imageID == (try SHA256.digest(of: Array(config.utf8))))
        #expect(image.archivedLayers.map(\.name) == ["\(diffID.hex).tar"])
        #expect(image.archivedLayers.map(\.size) == [UInt64(layer.count)])
        #expect(image.archivedLayers.map(\.statedDiffID) == [diffID])
    }

    @Test func readsSeveralImagesAndSharedLayers() throws {
        let manifest = Array(
            #"[{"Config":"c1","RepoTags":null,"Layers":["l"]},{"Config":"c2","RepoTags":["b:1","c:2"],"Layers":["l","l"]}]"#
                .utf8)
        let archive = try Self.read([
            ("manifest.json", manifest), ("l", Self.layer), ("c1", Self.config()), ("c2", Self.config(diffIDs: 2)),
        ])
        #expect(archive.images.map(\.names) == [[], [ImageName("b:1"), ImageName("c:2")]])
        #expect(archive.images.map(\.layers.count) == [1, 2])
    }

    @Test func readsBuildArgs() throws {
        let members: [Member] = [
            ("buildArgs.json", Array(#"{"name":"app"}"#.utf8)), ("c.json", Self.config()), ("l/layer.tar", Self.layer),
            ("manifest.json", Self.manifest("c.json")),
        ]
        #expect(try Self.read(members).buildArgs == ["name": "app"])
    }

    @Test func theLaterOfTwoMembersCounts() throws {
        let archive = try Self.read([
            ("manifest.json", Array("[]".utf8)), ("c.json", Self.config()), ("l/layer.tar", [1]),
            ("l/layer.tar", Self.layer), ("manifest.json", Self.manifest("c.json")),
        ])
        #expect(archive.images.first?.archivedLayers.first?.size == 10240)
    }

    @Test func refusesWhatIsNoDockerArchive() {
        let cause = "it has neither manifest.json nor index.json, so it contains no image"
        #expect(Self.refusal([]) == cause)
        #expect(Self.refusal([("etc/passwd", [1])]) == cause)
    }

    @Test func refusesAConfigWithAnotherDigestThanItsName() throws {
        let imageID = try SHA256.digest(of: Self.config())
        let wrong = String(repeating: "a", count: 64)
        for name in ["\(wrong).json", "blobs/sha256/\(wrong)"] {
            let cause = Self.refusal([
                (name, Self.config()), ("l/layer.tar", Self.layer), ("manifest.json", Self.manifest(name)),
            ])
            #expect(cause == "the config '\(name)' has the digest \(imageID), which is not the one in its name")
        }
        let right = "blobs/sha256/\(imageID.hex)"
        let archive = try Self.read([
            (right, Self.config()), ("l/layer.tar", Self.layer), ("manifest.json", Self.manifest(right)),
        ])
        #expect(archive.images.first?.imageID == imageID)
    }

    @Test func refusesLayersThatDoNotAgree() {
        #expect(
            Self.refusal([
                ("c.json", Self.config(diffIDs: 2)), ("l/layer.tar", Self.layer),
                ("manifest.json", Self.manifest("c.json")),
            ]) == "manifest.json[0] has 1 layers, but its config has 2 diff_ids")
        #expect(
            Self.refusal([("c.json", Self.config()), ("manifest.json", Self.manifest("c.json"))])
                == "the layer 'l/layer.tar' is missing")
    }

    @Test func followsLinksBetweenMembers() throws {
        let sink = MemorySink()
        let writer = TarWriter(to: sink, owner: TarOwner())
        func link(_ name: String, to target: String, _ kind: TarKind = .symbolicLink) throws {
            try Array(name.utf8).withUnsafeBytes { path in
                try Array(target.utf8).withUnsafeBytes {
                    try writer.header(TarEntry(path: path, kind: kind, mode: 0o777, linkTarget: $0))
                }
            }
        }
        try link("l/layer.tar", to: "../m/layer.tar")
        try link("h/layer.tar", to: "m/layer.tar", .hardLink)
        try link("round/layer.tar", to: "../about/layer.tar")
        try link("about/layer.tar", to: "../round/layer.tar")
        try link("lost/layer.tar", to: "nowhere")
        try writer.flush()
        func archive(_ layer: String) throws -> [UInt8] {
            try sink.bytes
                + TestTar.files([
                    ("m/layer.tar", Self.layer), ("c.json", Self.config()),
                    ("manifest.json", Self.manifest("c.json", layers: [layer])),
                ])
        }
        for name in ["l/layer.tar", "h/layer.tar", "/l/layer.tar", "./m//layer.tar"] {
            let image = try #require(ArchiveOnDisk(archive(name)).open().images.first)
            #expect(image.archivedLayers.map(\.size) == [10240])
        }
        func refusal(_ bytes: [UInt8]) -> String? {
            #expect(throws: ToolError.self) { try ArchiveOnDisk(bytes).open() }?.cause
        }
        #expect(
            try refusal(archive("round/layer.tar")).map { $0.hasSuffix("leads through more than 40 links") } == true)
        #expect(try refusal(archive("lost/layer.tar")) == "the layer 'lost/layer.tar' is missing")
        try link("out/layer.tar", to: "../../../etc/passwd")
        try writer.flush()
        #expect(try refusal(archive("out/layer.tar")) == "it is a link that points out of the archive")
    }

    @Test(arguments: [
        ("{}", "manifest.json is an object; expected a list of images"),
        ("[]", "manifest.json is empty; expected a list of images"),
        ("[1]", "[0] of manifest.json is an integer; expected an object"),
        (#"[{"Layers":[]}]"#, "[0].Config of manifest.json is missing; expected a string"),
        (#"[{"Config":{},"Layers":[]}]"#, "[0].Config of manifest.json is an object; expected a string"),
        (#"[{"Config":"c.json"}]"#, "[0].Layers of manifest.json is missing; expected a list of strings"),
        (#"[{"Config":"c.json","Layers":[1]}]"#, "[0].Layers of manifest.json is a list; expected a list of strings"),
        (
            #"[{"Config":"c.json","Layers":[],"RepoTags":"a:1"}]"#,
            "[0].RepoTags of manifest.json is a string; expected a list of strings"
        ),
        (#"[{"Config":"x\u001b.json","Layers":[]}]"#, "the config of manifest.json[0], 'x\u{FFFD}.json', is missing"),
    ])
    func refusesManifests(_ manifest: String, _ cause: String) {
        #expect(
            Self.refusal([
                ("c.json", Self.config()), ("l/layer.tar", Self.layer), ("manifest.json", Array(manifest.utf8)),
            ]) == cause)
    }

    @Test(arguments: [
        ("{}", "rootfs.diff_ids of the config is not a list of strings"),
        (#"{"rootfs":{"diff_ids":[1]}}"#, "rootfs.diff_ids of the config is not a list of strings"),
        (
            #"{"rootfs":{"diff_ids":["sha256:../../x"]}}"#,
            "rootfs.diff_ids[0] of the config is 'sha256:../../x'; expected 'sha256:' and 64 digits 0-9 a-f"
        ),
        ("[]", "rootfs.diff_ids of the config is not a list of strings"),
    ])
    func refusesConfigs(_ config: String, _ cause: String) {
        #expect(
            Self.refusal([
                ("c.json", Array(config.utf8)), ("l/layer.tar", Self.layer),
                ("manifest.json", Self.manifest("c.json")),
            ]) == cause)
    }

    @Test func refusesJSONThatIsDamagedOrTooLarge() {
        let damaged = Self.refusal([("manifest.json", Array("[{]".utf8))])
        #expect(damaged?.hasPrefix("it is not valid JSON: ") == true)
        let blanks = [UInt8](repeating: UInt8(ascii: " "), count: 4 << 20)
        #expect(
            Self.refusal([("manifest.json", Array("[".utf8) + blanks)])
                == "the manifest, 'manifest.json', has 4194305 bytes, more than the limit of 4194304")
    }
}
