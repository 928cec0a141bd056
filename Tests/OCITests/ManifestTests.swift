import JSON
import OCI
import Testing

@Suite("Manifests and indexes")
struct ManifestTests {
    private let config: Descriptor
    private let layer: Descriptor

    init() throws {
        let digest = try #require(Digest(hex: String(repeating: "0a", count: 32)))
        config = Descriptor(mediaType: MediaType.config, digest: digest, size: 7)
        layer = Descriptor(mediaType: MediaType.layer(.gz), digest: digest, size: 9, annotations: ["a": "b"])
    }

    @Test("A manifest is written and read back")
    func manifest() throws {
        let manifest = Manifest(config: config, layers: [layer, layer])
        #expect(try Manifest(json: manifest.json) == manifest)
        let text = """
            {"annotations":{"a":"b"},"digest":"\(layer.digest)","mediaType":"\(MediaType.layer(.gz))","size":9}
            """
        #expect(
            manifest.json.canonical == """
                {"config":{"digest":"\(config.digest)","mediaType":"\(MediaType.config)","size":7},\
                "layers":[\(text),\(text)],"mediaType":"\(MediaType.manifest)","schemaVersion":2}
                """)
        let blob = try manifest.blob()
        #expect(blob.descriptor.mediaType == MediaType.manifest)
        #expect(blob.descriptor.size == UInt64(blob.bytes.count))
        #expect(blob.descriptor.digest == (try SHA256.digest(of: blob.bytes)))
    }

    @Test("An index is written and read back, with its platforms")
    func index() throws {
        var entry = config
        entry.mediaType = MediaType.manifest
        entry.platform = Platform(architecture: "arm", variant: "v7")
        let index = Index(manifests: [entry])
        #expect(try Index(json: index.json) == index)
        #expect(
            index.json["manifests"]?.array?.first?["platform"]
                == ["os": "linux", "architecture": "arm", "variant": "v7"])
        #expect(try index.blob().descriptor.mediaType == MediaType.index)
    }

    @Test("An error states the path of the member that is wrong, and the reason")
    func errors() {
        func error(_ json: JSONValue) -> OCIFormatError? {
            #expect(throws: OCIFormatError.self) { try Index(json: json) }
        }
        #expect(error([])?.sentence("index.json") == "index.json is a list; expected an object")
        #expect(
            error(["schemaVersion": 2, "manifests": [["digest": "x"]]])?.sentence("index.json")
                == "manifests[0].digest of index.json is 'x'; expected 'sha256:' and 64 digits 0-9 a-f")
        #expect(error(["schemaVersion": 2, "manifests": [], "layers": []])?.path == "")
        #expect(error(["schemaVersion": 3])?.path == "schemaVersion")
    }
}
