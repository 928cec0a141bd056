import Images
import OCI
import Testing

struct ImageConfigTests {
    @Test func isTheJSONOfTheSpecification() throws {
        let digest = try #require(Digest(hex: String(repeating: "0a", count: 32)))
        let config = ImageConfig(
            created: "2024-02-29T12:00:00Z", architecture: "arm64", variant: "v8",
            runtime: ["Cmd": ["/bin/sh"], "Env": ["A=ü/\"\u{1}"]],
            history: [ImageConfig.History(created: "2024-02-29T12:00:00Z", comment: "one")])
        #expect(
            config.json(diffIDs: [digest]).canonical
                == #"{"architecture":"arm64","config":{"Cmd":["/bin/sh"],"Env":["A=ü/\"\u0001"]},"#
                + #""created":"2024-02-29T12:00:00Z","history":[{"comment":"one","created":"2024-02-29T12:00:00Z","#
                + #""created_by":"dockertools"}],"os":"linux","rootfs":{"diff_ids":["\#(digest)"],"type":"layers"},"#
                + #""variant":"v8"}"#)
    }

    @Test func hasNoVariantWhereThereIsNone() {
        let config = ImageConfig(created: "x", architecture: "amd64", runtime: [:], history: [])
        #expect(
            config.json(diffIDs: []).canonical
                == #"{"architecture":"amd64","config":{},"created":"x","history":[],"os":"linux","#
                + #""rootfs":{"diff_ids":[],"type":"layers"}}"#)
    }
}
