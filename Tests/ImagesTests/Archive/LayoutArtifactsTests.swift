import Errors
import Images
import OCI
import SystemPackage
import TestSupport
import Testing

@Suite("Layouts with artifacts beside images")
struct LayoutArtifactsTests {
    private let directory: TemporaryDirectory
    private let layer: [UInt8]

    init() throws {
        directory = try TemporaryDirectory()
        layer = try TestTar.files([("one", Array("1".utf8))])
    }

    /// Adds an artifact of one blob.
    private func artifact(
        _ layout: inout CraftedLayout, config: String = "application/vnd.oci.empty.v1+json",
        layer: String = "application/spdx+json", type: String? = nil, more: String = ""
    ) throws -> String {
        let content = try layout.blob(Array("text".utf8), layer)
        let config = try layout.blob(CraftedLayout.config([SHA256.digest(of: Array("text".utf8))]), config)
        let type = type.map { #","artifactType":"\#($0)""# } ?? ""
        let manifest = #"{"schemaVersion":2\#(type),"config":\#(config),"layers":[\#(content)]}"#
        return try layout.blob(Array(manifest.utf8), CraftedLayout.manifestType, more: more)
    }

    private func open(_ layout: CraftedLayout, issues: ValidationIssues? = nil) throws -> ImageArchive {
        try layout.write(to: directory)
        var context = directory.reading
        context.issues = issues
        return try ImageArchive.open(FilePath(directory.path("layout")), context)
    }

    @Test(
        "SBOMs, signatures and attestations are no images",
        arguments: [
            ("application/vnd.oci.empty.v1+json", "application/spdx+json", nil, "application/spdx+json"),
            ("application/vnd.example.config", "application/spdx+json", nil, "application/vnd.example.config"),
            (CraftedLayout.configType, CraftedLayout.layerType, "application/example", "application/example"),
            // cosign's signature has the config of an image.
            (
                CraftedLayout.configType, "application/vnd.dev.cosign.simplesigning.v1+json", nil,
                "application/vnd.dev.cosign.simplesigning.v1+json"
            ),
            (CraftedLayout.configType, "application/vnd.in-toto+json", nil, "application/vnd.in-toto+json"),
        ])
    func artifacts(config: String, layer content: String, type: String?, wanted: String) throws {
        var layout = CraftedLayout()
        let artifact = try artifact(&layout, config: config, layer: content, type: type, more: CraftedLayout.named("s"))
        layout.index(artifact, try layout.image([(layer, nil)], more: CraftedLayout.named("1")))
        let issues = ValidationIssues()
        for archive in [try open(layout), try open(layout, issues: issues)] {
            #expect(archive.images.map(\.names) == [[ImageName(name: nil, tag: "1")]])
            #expect(archive.artifacts.map(\.type) == [wanted])
            #expect(archive.artifacts.map(\.names) == [[ImageName(name: nil, tag: "s")]])
            #expect(try archive.image(named: nil).archivedLayers.count == 1)
        }
        #expect(issues.all.isEmpty)
    }

    @Test("Artifacts that the index describes need not be read")
    func described() throws {
        var layout = CraftedLayout()
        let unread = [
            try layout.blob([], CraftedLayout.manifestType, more: #","artifactType":"application/spdx+json""#),
            try layout.blob([], CraftedLayout.manifestType, more: CraftedLayout.platform("unknown", "unknown")),
            try layout.blob([1], "text/plain"),
        ]
        layout.index(unread[0], unread[1], unread[2], try layout.image([(layer, nil)]))
        let archive = try open(layout)
        #expect(archive.images.count == 1)
        #expect(archive.artifacts.map(\.type) == ["application/spdx+json", "attestation", "text/plain"])
    }

    @Test("A layout with artifacts alone has no image")
    func artifactsAlone() throws {
        var layout = CraftedLayout()
        layout.index(try artifact(&layout))
        let failure = try #require(throws: ToolError.self) { try open(layout) }
        #expect(failure.code == .data)
        #expect(
            failure.cause == "its index.json lists no image, only other artifacts: application/spdx+json")
    }

    @Test("The blobs of artifacts are validated")
    func validated() throws {
        var layout = CraftedLayout()
        let artifact = try artifact(&layout)
        layout.index(artifact, try layout.image([(layer, nil)]))
        let name = "blobs/sha256/\(try SHA256.digest(of: Array("text".utf8)).hex)"
        layout.files[name] = Array("Text".utf8)
        let issues = ValidationIssues()
        #expect(try open(layout, issues: issues).images.count == 1)
        #expect(issues.all.map(\.what) == ["digest"])
        #expect(issues.hasFaults)
        layout.files[name] = nil
        try Program.output(["rm", directory.path("layout/\(name)")])
        let other = ValidationIssues()
        #expect(try open(layout, issues: other).images.count == 1)
        #expect(other.all.map(\.what) == ["it is missing, and belongs to no image"])
        #expect(!other.hasFaults)
    }

    @Test("Images without layers may have null for their lists")
    func noLayers() throws {
        for ids in ["null", "[]"] {
            for rootfs in [#"{"type":"layers","diff_ids":\#(ids)}"#, #"{"type":"layers"}"#] {
                var layout = CraftedLayout()
                let text = #"{"os":"linux","rootfs":\#(rootfs)}"#
                let config = try layout.blob(Array(text.utf8), CraftedLayout.configType)
                let manifest = #"{"schemaVersion":2,"config":\#(config),"layers":\#(ids)}"#
                layout.index(try layout.blob(Array(manifest.utf8), CraftedLayout.manifestType))
                #expect(try open(layout).images.map(\.layers.count) == [0])
                let members = [
                    ("c.json", Array(#"{"rootfs":\#(rootfs)}"#.utf8)),
                    ("manifest.json", Array(#"[{"Config":"c.json","RepoTags":null,"Layers":\#(ids)}]"#.utf8)),
                ]
                try directory.write(TestTar.files(members), to: "a.tar")
                #expect(try directory.openArchive("a.tar").images.map(\.layers.count) == [0])
            }
        }
    }

    @Test("Whole names are found before tags, with and without their registry")
    func wholeNames() throws {
        var layout = CraftedLayout()
        let names = ["v1", "docker.io/library/app:v1", "h:5000/a:v2"]
        let images = try names.enumerated().map { index, name in
            try layout.image(
                [([UInt8](repeating: 0, count: 512 * (index + 1)), nil)], more: CraftedLayout.named(name))
        }
        layout.index(images[0], images[1], images[2])
        let archive = try open(layout)
        func number(_ text: String) throws -> UInt64 {
            try archive.image(named: text).archivedLayers[0].size / 512
        }
        #expect(try number("v1") == 1)
        #expect(try number("docker.io/library/app:v1") == 2)
        #expect(try number("app:v1") == 2)
        #expect(try number("h:5000/a:v2") == 3)
        #expect(try number("v2") == 3)
    }
}
