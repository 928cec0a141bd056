import JSON
import Testing

@testable import OCI

@Suite("Members of documents in another case")
struct FoldedKeysTests {
    private static func json(_ text: String) throws -> JSONValue {
        try JSONValue(parsing: Array(text.utf8), source: "text", limit: 1 << 20)
    }

    @Test("are the specification's members, as in Go")
    func folded() throws {
        let json = try Self.json(#"{"CMD":1,"wor\u212aingDir":2,"u\u017fer":3,"Labels":{"cmd":4},"other":5}"#)
        let folded = try json.folded(["Cmd", "WorkingDir", "User", "Labels"])
        #expect(folded == ["Cmd": 1, "WorkingDir": 2, "User": 3, "Labels": ["cmd": 4], "other": 5])
        #expect(try JSONValue.array([]).folded(["a"]) == .array([]))
    }

    @Test("are refused in two spellings, which readers take differently")
    func twice() throws {
        for text in [#"{"Cmd":1,"cmd":2}"#, #"{"CMD":1,"cmd":2}"#] {
            let error = #expect(throws: OCIFormatError.self) { try Self.json(text).folded(["Cmd"]) }
            #expect(error?.path == "Cmd")
        }
    }

    @Test("of a config keep its bytes")
    func config() throws {
        let digest = "sha256:" + String(repeating: "1", count: 64)
        let text = """
            {"Architecture":"arm64","OS":"linux","Config":{"cmd":["/x"],"ENV":["a=b"],"labels":{"Cmd":"kept"}},
             "RootFS":{"Type":"layers","Diff_IDs":["\(digest)"]},"History":[{"Created_By":"x","EMPTY_LAYER":true}]}
            """
        let config = try ImageConfig(json: Self.json(text), bytes: Array(text.utf8))
        #expect(config.diffIDs.map { "\($0)" } == [digest])
        #expect(config.architecture == "arm64" && config.platform.os == "linux")
        #expect(config.json["config"] == ["Cmd": ["/x"], "Env": ["a=b"], "Labels": ["Cmd": "kept"]])
        #expect(config.history.map(\.isEmptyLayer) == [true])
        #expect(config.history.map(\.createdBy) == ["x"])
        #expect(config.with(diffIDs: config.diffIDs).bytes == Array(text.utf8))
        let error = #expect(throws: OCIFormatError.self) {
            try ImageConfig(json: Self.json(#"{"config":{"Cmd":[],"cmd":[]},"rootfs":{}}"#), bytes: [])
        }
        #expect(error?.path == "config.Cmd")
    }

    @Test("of manifests, indexes and descriptors are read")
    func documents() throws {
        let digest = "sha256:" + String(repeating: "1", count: 64)
        let type = MediaType.config
        let platform = #""Platform":{"OS":"linux","Architecture":"a"}"#
        let descriptor = #"{"MediaType":"\#(type)","DIGEST":"\#(digest)","Size":7,\#(platform)}"#
        let manifest = try Manifest(json: Self.json(#"{"schemaversion":2,"Config":\#(descriptor),"LAYERS":null}"#))
        #expect(manifest.config.size == 7 && manifest.layers.isEmpty)
        #expect(manifest.isImage)
        let index = try Index(json: Self.json(#"{"SchemaVersion":2,"Manifests":[\#(descriptor)]}"#))
        #expect(index.manifests.first?.platform == Platform(architecture: "a"))
        let error = #expect(throws: OCIFormatError.self) {
            try Index(json: Self.json(#"{"schemaVersion":2,"manifests":[],"Layers":[]}"#))
        }
        #expect(error?.reason.hasPrefix("has both manifests and layers") == true)
    }
}
