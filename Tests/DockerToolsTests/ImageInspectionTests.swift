import Errors
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import DockerTools

struct ImageInspectionTests {
    static let config = Array(
        #"""
        {"architecture":"arm64","created":"1970-01-01T00:00:01Z","os":"linux","variant":"v8","config":
        {"Cmd":["/bin/sh","-c","echo \"a b\""],"Env":["A=1","B=2"],"ExposedPorts":{"80/tcp":{},"53/udp":{}},
        "Labels":{"k":"v"},"User":"1000:100","WorkingDir":""},
        "history":[{"created_by":"dockertools","comment":"store paths: ['/nix/store/x']"},
        {"created_by":"ENV \u001b[31m","empty_layer":true},{"created_by":"a\n  b"}],
        "rootfs":{"type":"layers","diff_ids":
        ["sha256:1111111111111111111111111111111111111111111111111111111111111111",
        "sha256:2222222222222222222222222222222222222222222222222222222222222222"]}}
        """#.utf8)

    static let manifest =
        Array(
            #"[{"Config":"c.json","RepoTags":["host:5000/app:1","app:2"],"Layers":["l1","l2"]},"#.utf8)
        + Array(#"{"Config":"d.json","RepoTags":["other:1"],"Layers":[]}]"#.utf8)

    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func inspection(_ name: String? = nil, buildArgs: String? = nil) async throws -> ImageInspection {
        var files: [(name: String, body: [UInt8])] = [
            ("c.json", Self.config), ("d.json", Array(#"{"rootfs":{"diff_ids":[]}}"#.utf8)),
            ("l1", [UInt8](repeating: 0, count: 1_234_567)), ("l2", [1, 2, 3]), ("manifest.json", Self.manifest),
        ]
        if let buildArgs { files.append(("buildArgs.json", Array(buildArgs.utf8))) }
        let path = try directory.write(TestTar.files(files), to: "a.tar")
        return try await read(path + (name.map { "#\($0)" } ?? ""))
    }

    private func read(_ location: String) async throws -> ImageInspection {
        try await DockerTools(context: Context(environment: [:], currentDirectory: "/"))
            .inspect(ImageSource(parsing: location))
    }

    @Test func showsPeopleWhatAnImageIs() async throws {
        let shown = try await inspection()
        let imageID = try SHA256.digest(of: Self.config)
        #expect(
            shown.text == """
                name          host:5000/app
                tag           1
                also named    app:2
                image ID      \(imageID)
                architecture  arm64
                variant       v8
                os            linux
                created       1970-01-01T00:00:01Z
                User          1000:100
                ExposedPorts  53/udp
                ExposedPorts  80/tcp
                Env           A=1
                Env           B=2
                Cmd           ["/bin/sh","-c","echo \\"a b\\""]
                Labels        k=v
                size          1.2 MB in 2 layers

                LAYER    SIZE  DIFF ID                                                                  CREATED BY
                    1  1.2 MB  sha256:1111111111111111111111111111111111111111111111111111111111111111  \
                dockertools: store paths: ['/nix/store/x']
                    2     3 B  sha256:2222222222222222222222222222222222222222222222222222222222222222  a b

                """)
    }

    @Test func showsProgramsWhatAnImageIs() async throws {
        let json = try await inspection().json
        #expect(
            json.object.map { $0.keys.sorted() } == [
                "architecture", "artifacts", "config", "created", "history", "imageID", "layers", "name", "names", "os",
                "tag",
            ])
        #expect(json["name"] == "host:5000/app")
        #expect(json["tag"] == "1")
        #expect(json["names"] == ["host:5000/app:1", "app:2"])
        #expect(json["imageID"]?.string == "\(try SHA256.digest(of: Self.config))")
        #expect(json["architecture"] == "arm64")
        #expect(json["os"] == "linux")
        #expect(json["created"] == "1970-01-01T00:00:01Z")
        #expect(json["config"]?["User"] == "1000:100")
        #expect(json["history"]?.array?.count == 3)
        #expect(
            json["layers"] == [
                [
                    "diffID": "sha256:1111111111111111111111111111111111111111111111111111111111111111",
                    "size": 1_234_567, "createdBy": "dockertools", "comment": "store paths: ['/nix/store/x']",
                ],
                [
                    "diffID": "sha256:2222222222222222222222222222222222222222222222222222222222222222", "size": 3,
                    "createdBy": "a\n  b", "comment": nil,
                ],
            ])
    }

    @Test func showsAnImageThatSaysLittle() async throws {
        let shown = try await inspection("other:1")
        #expect(shown.json["config"] == [:])
        #expect(shown.json["architecture"] == .some(.null))
        #expect(shown.text.contains("size      0 B in 0 layers"))
    }

    @Test func choosesByName() async throws {
        #expect(try await inspection("app:2").tag == "2")
        #expect(try await inspection("other:1").name == "other")
        for name in ["app", "app:1", "", "APP:2"] {
            let failure = await #expect(throws: ToolError.self) { try await inspection(name) }
            #expect(failure?.code == .data)
            #expect(failure?.cause == "it contains no image named '\(name)'")
            #expect(failure?.remedy == "choose one of its images: host:5000/app:1, app:2, other:1")
        }
    }

    @Test func showsBuildArgs() async throws {
        #expect(try await inspection(buildArgs: #"{"name":"x"}"#).buildArgs() == ["name": "x"])
        let shown = try await inspection()
        let failure = #expect(throws: ToolError.self) { try shown.buildArgs() }
        #expect(failure?.code == .data)
        #expect(failure?.message == "cannot show the build arguments of '\(directory.path("a.tar"))'")
    }

    @Test func readsAFile() async throws {
        let directory = try TemporaryDirectory()
        let tar = try TestTar.files([
            ("d.json", Array(#"{"rootfs":{"diff_ids":[]}}"#.utf8)),
            ("manifest.json", Array(#"[{"Config":"d.json","RepoTags":["n:t"],"Layers":[]}]"#.utf8)),
        ])
        let path = try directory.write(Program.output(["zstd", "-c"], input: tar), to: "image")
        #expect(try await read("\(path)#n:t").name == "n")
    }
}
