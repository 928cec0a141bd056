import Errors
import Images
import OCI
import SystemPackage
import TestSupport
import Testing

struct LayoutReadingTests {
    private let directory: TemporaryDirectory
    private let one: [UInt8]
    private let two: [UInt8]

    init() throws {
        directory = try TemporaryDirectory()
        one = try TestTar.files([("one", Array("1".utf8))])
        two = try TestTar.files([("two", [UInt8](repeating: 2, count: 20_000))])
    }

    private func read(_ layout: CraftedLayout, architecture: String = "amd64") throws -> ImageArchive {
        try layout.write(to: directory)
        var context = directory.reading
        context.platform.architecture = architecture
        return try ImageArchive.open(FilePath(directory.path("layout")), context)
    }

    @Test func readsADirectory() throws {
        var layout = CraftedLayout()
        layout.index(try layout.image([(one, nil), (two, nil), (one, nil)], more: CraftedLayout.named("v1")))
        let archive = try read(layout)
        #expect(archive.form == .oci)
        #expect(archive.name == "'\(directory.path("layout"))'")
        #expect(archive.buildArgs == nil)
        let image = try #require(archive.images.first)
        #expect(image.names == [ImageName(name: nil, tag: "v1")])
        let diffIDs = try [one, two, one].map { try SHA256.digest(of: $0) }
        #expect(image.imageID == (try SHA256.digest(of: CraftedLayout.config(diffIDs))))
        #expect(image.archivedLayers.map(\.statedDiffID) == diffIDs)
        #expect(image.archivedLayers.map(\.digest) == diffIDs)
        #expect(image.archivedLayers.map(\.size) == [one, two, one].map { UInt64($0.count) })
        #expect(try archive.layerBytes() == [one, two, one])
    }

    @Test(arguments: Compressed.allCases) func readsAnArchive(_ compressed: Compressed) throws {
        var layout = CraftedLayout()
        layout.index(
            try layout.image([(one, nil), (compressed.bytes(two), SHA256.digest(of: two))]))
        try directory.write(compressed.bytes(layout.tar()), to: "a.tar")
        for archive in [try directory.openArchive("a.tar"), try directory.openThroughPipe("a.tar")] {
            #expect(archive.form == .oci)
            #expect(try archive.layerBytes() == [one, two])
        }
    }

    @Test func givesNamesAsTheAnnotationsSay() throws {
        func names(_ annotations: String) throws -> [ImageName] {
            var layout = CraftedLayout()
            layout.index(try layout.image([(one, nil)], more: #","annotations":{\#(annotations)}"#))
            return try read(layout).images.flatMap(\.names)
        }
        let reference = "org.opencontainers.image.ref.name"
        let full = "io.containerd.image.name"
        #expect(try names("") == [])
        #expect(try names(#""\#(reference)":"v1""#) == [ImageName(name: nil, tag: "v1")])
        #expect(try names(#""\#(reference)":"h:5000/a/b:v1""#) == [ImageName(name: "h:5000/a/b", tag: "v1")])
        #expect(try names(#""\#(full)":"h/a:v1""#) == [ImageName(name: "h/a", tag: "v1")])
        #expect(try names(#""\#(full)":"h/a:v1","\#(reference)":"v1""#) == [ImageName(name: "h/a", tag: "v1")])
        #expect(try names(#""\#(full)":"h/a:v1","\#(reference)":"h/a:v1""#) == [ImageName(name: "h/a", tag: "v1")])
        #expect(
            try names(#""\#(full)":"h/a:v1","\#(reference)":"w""#)
                == [ImageName(name: "h/a", tag: "v1"), ImageName(name: nil, tag: "w")])
    }

    @Test func choosesByNameAndTag() throws {
        var layout = CraftedLayout()
        let first = try layout.image([(one, nil)], more: CraftedLayout.named("h:5000/a:v1"))
        let second = try layout.image([(two, nil)], more: CraftedLayout.named("v2"))
        layout.index(first, second)
        let archive = try read(layout)
        func layers(_ image: ArchivedImage) -> [UInt64] { image.archivedLayers.map(\.size) }
        let (ofOne, ofTwo) = ([UInt64(one.count)], [UInt64(two.count)])
        #expect(try layers(archive.image(name: nil, tag: nil)) == ofOne)
        #expect(try layers(archive.image(named: nil)) == ofOne)
        #expect(try layers(archive.image(name: nil, tag: "v2")) == ofTwo)
        #expect(try layers(archive.image(named: "v2")) == ofTwo)
        #expect(try layers(archive.image(name: "h:5000/a", tag: nil)) == ofOne)
        #expect(try layers(archive.image(name: "h:5000/a", tag: "v1")) == ofOne)
        #expect(try layers(archive.image(named: "h:5000/a:v1")) == ofOne)
        let missing: [(() throws -> ArchivedImage, String)] = [
            ({ try archive.image(name: "h:5000/a", tag: "v2") }, "it contains no image named 'h:5000/a:v2'"),
            ({ try archive.image(name: nil, tag: "V1") }, "it contains no image with the tag 'V1'"),
            ({ try archive.image(named: "a:v1") }, "it contains no image named 'a:v1'"),
        ]
        for (choose, cause) in missing {
            let failure = #expect(throws: ToolError.self) { _ = try choose() }
            #expect(failure?.code == .data)
            #expect(failure?.cause == cause)
            #expect(failure?.remedy == "choose one of its images: h:5000/a:v1, v2")
        }
        layout.index(first.replacing("ref.name", with: "other"))
        let failure = #expect(throws: ToolError.self) { try read(layout).image(named: "v1") }
        #expect(failure?.remedy == "leave the name out: its images have no names")
    }

    @Test(arguments: [false, true]) func choosesByArchitecture(_ isNested: Bool) throws {
        var layout = CraftedLayout()
        let platforms = [("linux", "amd64"), ("linux", "arm64"), ("windows", "s390x"), ("unknown", "unknown")]
        let images = try platforms.enumerated().map { index, platform in
            try layout.image(
                [([UInt8](repeating: 0, count: 512 * (index + 1)), nil)], architecture: platform.1,
                more: CraftedLayout.platform(platform.0, platform.1))
        }
        let index = CraftedLayout.index(images)
        if isNested {
            layout.index(try layout.blob(index, CraftedLayout.indexType, more: CraftedLayout.named("v1")))
        } else {
            layout.files["index.json"] = index
        }
        for (architecture, size) in [("amd64", UInt64(512)), ("arm64", 1024)] {
            let archive = try read(layout, architecture: architecture)
            #expect(archive.images.map { $0.archivedLayers.map(\.size) } == [[size]])
            #expect(archive.images.map(\.names) == [isNested ? [ImageName(name: nil, tag: "v1")] : []])
        }
        guard isNested else {
            // If no image is for the platform, all are listed, but not the attestation.
            #expect(try read(layout, architecture: "riscv64").images.count == 3)
            return
        }
        let failure = #expect(throws: ToolError.self) { try read(layout, architecture: "s390x") }
        #expect(failure?.code == .data)
        #expect(
            failure?.cause
                == "the index \(try SHA256.digest(of: index)) has no image for linux/s390x")
        #expect(failure?.remedy == "choose a platform that it has: linux/amd64, linux/arm64, windows/s390x")
    }

    @Test("The only image of an index is taken if its platform is not stated, and refused if it is another one")
    func takesTheOnlyImageOfAnIndex() throws {
        var stated = CraftedLayout()
        let other = try stated.image([(one, nil)], more: CraftedLayout.platform("linux", "arm64"))
        stated.index(try stated.blob(CraftedLayout.index([other]), CraftedLayout.indexType))
        let failure = #expect(throws: ToolError.self) { try read(stated) }
        #expect(failure?.remedy == "choose a platform that it has: linux/arm64")
        var layout = CraftedLayout()
        let image = try layout.image([(one, nil)])
        let attestation = try layout.blob(
            [], CraftedLayout.manifestType, more: CraftedLayout.platform("unknown", "unknown"))
        layout.index(try layout.blob(CraftedLayout.index([image, attestation]), CraftedLayout.indexType))
        #expect(try read(layout).images.count == 1)
    }

    @Test func readsWhatSkopeoAndUmociWrite() throws {
        var layout = CraftedLayout()
        layout.index(try layout.image([(one, nil), (two, nil)], more: CraftedLayout.named("v1")))
        try layout.write(to: directory, "in")
        let imageID = try directory.openArchive("in").images.first?.imageID
        let source = "oci:\(directory.path("in")):v1"
        let path = directory.path("out")
        let outputs = [
            ("oci:\(path):h:5000/a:w", "out"), ("oci-archive:\(path).oci.tar:h/a:w", "out.oci.tar"),
            ("docker-archive:\(path).tar:h/a:w", "out.tar"),
        ]
        for (target, name) in outputs {
            try Program.output(["skopeo", "copy", "--insecure-policy", source, target])
            let archive = try directory.openArchive(name)
            #expect(archive.images.first?.imageID == imageID)
            #expect(archive.images.first?.names.first?.tag == "w")
            #expect(try archive.layerBytes() == [one, two])
        }
        for format in ["gzip", "zstd"] {
            try Program.output(
                [
                    "skopeo", "copy", "--insecure-policy", "--dest-compress", "--dest-compress-format", format, source,
                    "oci:\(path)-\(format):w",
                ])
            #expect(try directory.openArchive("out-\(format)").layerBytes() == [one, two])
        }
        try Program.output(["umoci", "new", "--image", "\(directory.path("in")):umoci"])
        let made = try directory.openArchive("in").image(name: nil, tag: "umoci")
        #expect(made.layers.isEmpty)
    }
}
