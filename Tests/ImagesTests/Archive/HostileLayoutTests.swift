import Errors
import Foundation
import OCI
import TestSupport
import Testing

struct HostileLayoutTests {
    private let directory: TemporaryDirectory
    private let layer: [UInt8]
    private static let zeros = String(repeating: "0", count: 64)

    init() throws {
        directory = try TemporaryDirectory()
        layer = try TestTar.files([("one", Array("1".utf8))])
    }

    /// The reason why a layout is refused, as a directory and as an archive.
    private func refusal(
        _ layout: CraftedLayout, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String? {
        let name = UUID().uuidString
        try layout.write(to: directory, name)
        try directory.write(layout.tar(), to: "\(name).tar")
        let failures = [name, "\(name).tar"].map { name in
            #expect(throws: ToolError.self, sourceLocation: sourceLocation) { try directory.openArchive(name) }
        }
        for failure in failures {
            #expect(failure?.code == .data, sourceLocation: sourceLocation)
            #expect(failure?.message.contains("'\(directory.path(name))") == true, sourceLocation: sourceLocation)
        }
        #expect(failures[0]?.cause == failures[1]?.cause, sourceLocation: sourceLocation)
        return failures[0]?.cause
    }

    /// The reason why a layout with an `index.json` is refused.
    private func refusal(index: String) throws -> String? {
        var layout = CraftedLayout()
        layout.files["index.json"] = Array(index.utf8)
        return try refusal(layout)
    }

    /// The reason why a layout with a changed manifest is refused; `MANIFEST` replaces the manifest and its digest.
    private func refusal(manifest change: (String) -> String) throws -> String? {
        var layout = CraftedLayout()
        let config = try layout.blob(CraftedLayout.config([SHA256.digest(of: layer)]), CraftedLayout.configType)
        let blob = try layout.blob(layer, CraftedLayout.layerType)
        let text = String(decoding: CraftedLayout.manifest(config: config, layers: [blob]), as: UTF8.self)
        let manifest = Array(change(text).utf8)
        layout.index(try layout.blob(manifest, CraftedLayout.manifestType))
        return try refusal(layout)?.replacing("the manifest \(SHA256.digest(of: manifest))", with: "MANIFEST")
    }

    @Test func refusesIndexesThatAreMalformed() throws {
        func descriptor(_ members: String) -> String { #"{"schemaVersion":2,"manifests":[{\#(members)}]}"# }
        let type = #""mediaType":"\#(CraftedLayout.manifestType)""#
        let digest = #""digest":"sha256:\#(Self.zeros)""#
        let wrongDigest = "expected \'sha256:' and 64 digits 0-9 a-f"
        let cases = [
            ("[]", "index.json is a list; expected an object"),
            ("null", "index.json is null; expected an object"),
            ("{}", "schemaVersion of index.json is missing; expected 2"),
            (#"{"schemaVersion":1,"manifests":[]}"#, "schemaVersion of index.json is 1; expected 2"),
            (#"{"schemaVersion":"2","manifests":[]}"#, #"schemaVersion of index.json is "2"; expected 2"#),
            (#"{"schemaVersion":2}"#, "manifests of index.json is missing; expected a list"),
            (#"{"schemaVersion":2,"manifests":null}"#, "manifests of index.json is null; expected a list"),
            (#"{"schemaVersion":2,"manifests":{}}"#, "manifests of index.json is an object; expected a list"),
            (#"{"schemaVersion":2,"manifests":[]}"#, "its index.json lists no image"),
            (#"{"schemaVersion":2,"manifests":[1]}"#, "manifests[0] of index.json is an integer; expected an object"),
            (
                #"{"schemaVersion":2,"manifests":[],"layers":[]}"#,
                "index.json has both manifests and layers: some readers take it for an index, others for a manifest"
            ),
            (
                #"{"schemaVersion":2,"mediaType":"\#(CraftedLayout.manifestType)","manifests":[]}"#,
                #"mediaType of index.json is "\#(CraftedLayout.manifestType)", which is not the media type of such a document"#
            ),
            (
                #"{"schemaVersion":2,"mediaType":7,"manifests":[]}"#,
                "mediaType of index.json is 7, which is not the media type of such a document"
            ),
            (descriptor(type), "manifests[0].digest of index.json is missing; \(wrongDigest)"),
            (
                descriptor("\(type),\"digest\":\"sha256:../../x\""),
                "manifests[0].digest of index.json is 'sha256:../../x'; \(wrongDigest)"
            ),
            (
                descriptor("\(type),\"digest\":\"sha256:\(String(repeating: "A", count: 64))\""),
                "manifests[0].digest of index.json is 'sha256:\(String(repeating: "A", count: 64))'; \(wrongDigest)"
            ),
            (
                descriptor("\(type),\"digest\":\"md5:\(Self.zeros)\""),
                "manifests[0].digest of index.json is 'md5:\(Self.zeros)'; \(wrongDigest)"
            ),
            (descriptor("\(type),\(digest)"), "manifests[0].size of index.json is missing; expected a number of bytes"),
            (
                descriptor("\(type),\(digest),\"size\":-1"),
                "manifests[0].size of index.json is -1; expected a number of bytes"
            ),
            (
                descriptor("\(type),\(digest),\"size\":\"9\""),
                #"manifests[0].size of index.json is "9"; expected a number of bytes"#
            ),
            (
                descriptor("\(type),\(digest),\"size\":99999999999999999999"),
                "manifests[0].size of index.json is 1e+20; expected a number of bytes"
            ),
            (
                descriptor("\(digest),\"size\":1"),
                "manifests[0].mediaType of index.json is missing; expected a string"
            ),
            (
                descriptor("\(type),\(digest),\"size\":1"),
                "the manifest sha256:\(Self.zeros), 'blobs/sha256/\(Self.zeros)', is missing"
            ),
        ]
        for (index, cause) in cases { #expect(try refusal(index: index) == cause) }
    }

    @Test func refusesManifestsThatAreMalformed() throws {
        #expect(
            try refusal { $0.replacing("\"layers\":[", with: "\"manifests\":[],\"layers\":[") } == """
                MANIFEST has both manifests and layers: some readers take it for an index, others for a manifest
                """)
        #expect(
            try refusal { $0.replacing("\"schemaVersion\":2", with: "\"schemaVersion\":1") }
                == "schemaVersion of MANIFEST is 1; expected 2")
        #expect(
            try refusal {
                $0.replacing(
                    "{\"schemaVersion\"", with: "{\"mediaType\":\"\(CraftedLayout.indexType)\",\"schemaVersion\"")
            }
                == "mediaType of MANIFEST is \"\(CraftedLayout.indexType)\", which is not the media type of such a document"
        )
        #expect(
            try refusal { $0.replacing("\"layers\":[", with: "\"layers\":null,\"l\":[") }
                == "MANIFEST has 0 layers, but its config has 1 diff_ids")
        #expect(
            try refusal { $0.replacing("\"layers\":[", with: "\"l\":[") }
                == "layers of MANIFEST is missing; expected a list")
        // Go's readers take Layers for layers.
        #expect(
            try refusal { $0.replacing("\"layers\":[", with: "\"Manifests\":[],\"layers\":[") } == """
                MANIFEST has both manifests and layers: some readers take it for an index, others for a manifest
                """)
        #expect(
            try refusal { $0.replacing("\"layers\":[", with: "\"Layers\":[],\"layers\":[") } == """
                layers of MANIFEST is there twice, in two spellings: some readers use one, others the other
                """)
        #expect(try refusal { _ in "[]" } == "MANIFEST is a list; expected an object")
        #expect(
            try refusal { $0.replacing("\"layers\":[", with: "\"layers\":[\"x\",") }
                == "layers[0] of MANIFEST is a string; expected an object")
        #expect(
            try refusal { $0.replacing("\"layers\":[{", with: "\"layers\":[],\"l\":[{") }
                == "MANIFEST has 0 layers, but its config has 1 diff_ids")
        let size = "\"size\":\(layer.count)"
        #expect(
            try refusal { $0.replacing(size, with: "\"size\":-5") }
                == "layers[0].size of MANIFEST is -5; expected a number of bytes")
        let digest = try SHA256.digest(of: layer)
        #expect(
            try refusal { $0.replacing(size, with: "\"size\":7") }
                == "the layer \(digest) has \(layer.count) bytes, but its descriptor states 7")
        #expect(
            try refusal { $0.replacing("\(digest)", with: "sha256:\(Self.zeros)") }
                == "the layer sha256:\(Self.zeros) is missing")
    }

    @Test func refusesManifestsAndConfigsThatAreNotWhatTheirDescriptorsSay() throws {
        let wrong = try #require(Digest(hex: Self.zeros))
        var layout = CraftedLayout()
        let image = try layout.image([(layer, nil)])
        let manifest = try #require(layout.files.first { $0.value.starts(with: Array("{\"schema".utf8)) }?.value)
        layout.index(try layout.blob(manifest, CraftedLayout.manifestType, as: wrong))
        #expect(
            try refusal(layout) == "the manifest \(wrong) has the digest \(SHA256.digest(of: manifest))")
        layout.index(image.replacing("\"size\":\(manifest.count)", with: "\"size\":1"))
        #expect(
            try refusal(layout)
                == "the manifest \(SHA256.digest(of: manifest)) has \(manifest.count) bytes, but its descriptor states 1"
        )

        let config = CraftedLayout.config([])
        let descriptor = try layout.blob(config, CraftedLayout.configType, as: wrong)
        let bad = CraftedLayout.manifest(config: descriptor, layers: [])
        layout.index(try layout.blob(bad, CraftedLayout.manifestType))
        #expect(try refusal(layout) == "the config \(wrong) has the digest \(SHA256.digest(of: config))")
    }

    @Test func refusesIndexesInOneAnotherWithoutEnd() throws {
        var layout = CraftedLayout()
        var descriptor = try layout.image([(layer, nil)])
        for _ in 0..<3 { descriptor = try layout.blob(CraftedLayout.index([descriptor]), CraftedLayout.indexType) }
        layout.index(descriptor)
        try layout.write(to: directory)
        #expect(try directory.openArchive("layout").images.count == 1)
        layout.index(try layout.blob(CraftedLayout.index([descriptor]), CraftedLayout.indexType))
        #expect(try refusal(layout) == "its indexes are nested more than 4 deep")
    }

    @Test func refusesJSONThatIsTooLargeOrTooDeep() throws {
        let blanks = String(repeating: " ", count: 4 << 20)
        #expect(
            try refusal(index: "{\(blanks)}")
                == "the index, 'index.json', has 4194306 bytes, more than the limit of 4194304")
        let deep = String(repeating: "[", count: 300)
        #expect(try refusal(index: deep)?.contains("lists and objects nest deeper than 256 levels") == true)
        let long = String(repeating: "x", count: (1 << 20) + 1)
        #expect(try refusal(index: "{\"a\":\"\(long)\"}")?.contains("a string has more than 1048576 bytes") == true)
        let digits = String(repeating: "9", count: (1 << 20) + 1)
        #expect(try refusal(index: "{\"a\":\(digits)}")?.contains("a number has more than 1048576 digits") == true)
        #expect(try refusal { $0 + blanks }?.hasSuffix("bytes, more than the limit of 4194304") == true)
    }

    @Test func refusesLayoutsOfNoVersion() throws {
        var layout = CraftedLayout()
        layout.index(try layout.image([(layer, nil)]))
        for version in ["{}", #"{"imageLayoutVersion":"2.0.0"}"#, #"{"imageLayoutVersion":1}"#, "[]"] {
            layout.files["oci-layout"] = Array(version.utf8)
            #expect(
                try refusal(layout) == "imageLayoutVersion of oci-layout is not supported; expected 1.0.0")
        }
        layout.files["oci-layout"] = nil
        #expect(try refusal(layout) == "the layout's version, 'oci-layout', is missing")
    }

    @Test(arguments: ["blobs", "blobs/sha256", "index.json", "oci-layout"]) func followsNoLinkOfADirectory(
        _ name: String
    ) throws {
        var layout = CraftedLayout()
        layout.index(try layout.image([(layer, nil)]))
        try layout.write(to: directory)
        let manager = FileManager.default
        try manager.moveItem(atPath: directory.path("layout/\(name)"), toPath: directory.path("elsewhere"))
        try manager.createSymbolicLink(
            atPath: directory.path("layout/\(name)"), withDestinationPath: directory.path("elsewhere"))
        let failure = #expect(throws: ToolError.self) { try directory.openArchive("layout") }
        #expect(failure?.code == .data)
        #expect(failure?.cause.hasSuffix(" is a symbolic link or has one in its path; links are not followed") == true)
    }

    @Test(arguments: ["../c.json", "/etc/passwd", "blobs/sha256/../../../c.json"]) func leavesNoDirectory(
        _ config: String
    ) throws {
        var layout = CraftedLayout()
        layout.files["manifest.json"] = Array(#"[{"Config":"\#(config)","Layers":[]}]"#.utf8)
        try layout.write(to: directory)
        try directory.write(CraftedLayout.config([]), to: "c.json")
        let failure = #expect(throws: ToolError.self) { try directory.openArchive("layout") }
        #expect(failure?.code == .data)
        #expect(failure?.cause == "'\(config)' leads out of the directory")
    }

    @Test func followsNoBlobThatIsALink() throws {
        var layout = CraftedLayout()
        layout.index(try layout.image([(layer, nil)]))
        try layout.write(to: directory)
        let blob = "layout/blobs/sha256/\(try SHA256.digest(of: layer).hex)"
        let manager = FileManager.default
        try manager.moveItem(atPath: directory.path(blob), toPath: directory.path("elsewhere"))
        for target in [directory.path("elsewhere"), "../../../elsewhere", "/nowhere"] {
            try? manager.removeItem(atPath: directory.path(blob))
            try manager.createSymbolicLink(atPath: directory.path(blob), withDestinationPath: target)
            let failure = #expect(throws: ToolError.self) { try directory.openArchive("layout") }
            #expect(failure?.code == .data)
            #expect(
                failure?.cause
                    == "'\(blob.dropFirst(7))' is a symbolic link or has one in its path; links are not followed")
        }
        try manager.removeItem(atPath: directory.path(blob))
        try manager.createDirectory(atPath: directory.path(blob), withIntermediateDirectories: false)
        let failure = #expect(throws: ToolError.self) { try directory.openArchive("layout") }
        #expect(failure?.cause == "'\(blob.dropFirst(7))' is not a regular file")
    }
}
