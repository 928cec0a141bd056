import JSON
import OCI
import Testing

@Suite("Image configs")
struct ImageConfigTests {
    @Test("A config is written as the specification requires") func isTheJSONOfTheSpecification() throws {
        let digest = try #require(Digest(hex: String(repeating: "0a", count: 32)))
        let config = ImageConfig(
            created: "2024-02-29T12:00:00Z", architecture: "arm64", variant: "v8",
            runtime: ["Cmd": ["/bin/sh"], "Env": ["A=ü/\"\u{1}"]],
            history: [ImageConfig.History(created: "2024-02-29T12:00:00Z", createdBy: "dockertools", comment: "one")])
        #expect(
            String(decoding: config.with(diffIDs: [digest]).bytes, as: UTF8.self)
                == #"{"architecture":"arm64","config":{"Cmd":["/bin/sh"],"Env":["A=ü/\"\u0001"]},"#
                + #""created":"2024-02-29T12:00:00Z","history":[{"comment":"one","created":"2024-02-29T12:00:00Z","#
                + #""created_by":"dockertools"}],"os":"linux","rootfs":{"diff_ids":["\#(digest)"],"type":"layers"},"#
                + #""variant":"v8"}"#)
    }

    @Test("A config without a variant has no such member") func hasNoVariantWhereThereIsNone() {
        let config = ImageConfig(created: "x", architecture: "amd64", runtime: [:], history: [])
        #expect(
            String(decoding: config.bytes, as: UTF8.self)
                == #"{"architecture":"amd64","config":{},"created":"x","history":[],"os":"linux","#
                + #""rootfs":{"diff_ids":[],"type":"layers"}}"#)
    }

    @Test("A config that was read keeps its exact bytes")
    func keepsItsBytes() throws {
        let digest = try #require(Digest(hex: String(repeating: "0a", count: 32)))
        let text = #"{ "rootfs": {"diff_ids": ["\#(digest)"]}, "x": 1.0, "os":"plan9" }"#
        let json = try JSONValue(parsing: Array(text.utf8), source: "config", limit: 1 << 20)
        let config = try ImageConfig(json: json, bytes: Array(text.utf8))
        #expect(config.diffIDs == [digest])
        #expect(config.with(diffIDs: [digest]).bytes == Array(text.utf8))
        #expect(config.with(diffIDs: []).json["x"] == .double(1))
        #expect(config.platform == Platform(os: "plan9", architecture: "unknown"))
    }
}
