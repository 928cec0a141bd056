import Errors
import Images
import JSON
import TestSupport
import Testing

@testable import DockerTools

@Suite("Overrides of an image that exists")
struct ImageOverridesTests {
    private let archive: ImageSource
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        let config =
            #"{"os":"linux","x":1,"config":{"User":"me","Env":["A"],"Labels":{"k":"v"}},"rootfs":{"diff_ids":[]}}"#
        let manifest = #"[{"Config":"c","RepoTags":["app:1","app:2"],"Layers":[]}]"#
        archive = .archive(
            try directory.write(
                TestTar.files([("c", Array(config.utf8)), ("manifest.json", Array(manifest.utf8))]), to: "a.tar"))
    }

    private func image(
        _ overrides: [String], overriding keys: [String] = ["name", "tag", "config"]
    ) async throws -> any Image {
        let context = Context(environment: [:], currentDirectory: "/")
        return try await OpenedSource.open(.overridden(archive, overrides), context, overriding: keys).image()
    }

    @Test("change the config, by the types of the spec's keys, and nothing else")
    func config() async throws {
        let image = try await image([
            "config.User=root", "config.Labels.a.b=c", "config.Cmd=[\"/x\"]", "config.Env=[\"B=1\"]",
        ])
        #expect(
            image.config.json["config"] == [
                "User": "root", "Env": ["B=1"], "Labels": ["k": "v", "a.b": "c"], "Cmd": ["/x"],
            ])
        #expect(image.config.json["x"] == 1)
        let id = try image.config.blob().descriptor.digest
        #expect(image.names(imageID: id).map { "\($0)" } == ["app:1", "app:2"])
    }

    @Test("change the name or the tag, and leave the config's bytes alone")
    func names() async throws {
        let original = try await image([])
        let image = try await image(["tag=9"])
        let id = try image.config.blob().descriptor.digest
        #expect(image.names(imageID: id).map { "\($0)" } == ["app:9"])
        #expect(image.config.bytes == original.config.bytes)
        #expect(try await self.image(["name=other"]).name == "other")
    }

    @Test("may leave values of the image that are invalid in a spec")
    func foreignValues() async throws {
        #expect(try await image(["config.User=x"]).config.json["config"]?["Env"] == ["A"])
        #expect(try await image(["config.User=null"]).config.json["config"]?["User"] == nil)
    }

    @Test("must be valid", arguments: ["config.Env=[\"x\"]", "config.Usr=x", "name=UP:1", "tag=/"])
    func invalid(override: String) async throws {
        let error = await #expect(throws: ToolError.self) { _ = try await image([override]) }
        #expect(error?.code == .data)
        #expect(error?.cause.contains("(from an override)") == true)
    }

    @Test("of other keys are invalid usage, and all of them where images are only read")
    func refused() async throws {
        for (override, keys) in [
            ("maxLayers=3", ["name", "tag", "config"]), ("nmae=x", ["name", "tag", "config"]), ("tag=x", ["config"]),
            ("config.User=x", []), ("tag", ["tag"]),
        ] {
            let error = await #expect(throws: ToolError.self) { _ = try await image([override], overriding: keys) }
            #expect(error?.code == .usage, "\(override)")
        }
    }
}
