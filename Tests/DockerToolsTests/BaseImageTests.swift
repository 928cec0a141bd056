import Errors
import Foundation
import JSON
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import DockerTools

struct BaseImageTests {
    private let directory: SpecDirectory
    private let log = WarningLog()
    private static let layers: [[UInt8]] = [
        [UInt8](repeating: 0, count: 10240), [UInt8](repeating: 0, count: 20480),
    ]

    init() throws {
        directory = try SpecDirectory()
        func config(_ layer: [UInt8], _ more: String) throws -> [UInt8] {
            Array(#"{\#(more)"rootfs":{"diff_ids":["\#(try SHA256.digest(of: layer))"]}}"#.utf8)
        }
        let manifest = #"""
            [{"Config":"c1","RepoTags":["h:5000/one:1"],"Layers":["l1"]},
             {"Config":"c2","RepoTags":["two:1","two:2"],"Layers":["l2"]}]
            """#
        try directory.write(
            TestTar.files([
                (
                    "c1",
                    config(
                        Self.layers[0],
                        #""architecture":"arm64","variant":"v8","config":{"Env":["A=1"],"User":"me"},"#)
                ), ("c2", config(Self.layers[1], "")), ("l1", Self.layers[0]), ("l2", Self.layers[1]),
                ("manifest.json", Array(manifest.utf8)),
            ]), to: "base.tar")
    }

    private func image(_ name: String, as verb: SpecVerb? = nil, sets: [String] = []) async throws -> BuiltImage {
        let context = Context(environment: [:], currentDirectory: directory.path, reporter: log)
        return try await LoadedSpec.read(
            .file(directory.path.appending(name)), sets: sets, context: context
        ) { verb ?? SpecVerb.implied(by: $0) }.build(in: context)
    }

    /// The image of a spec with these members, on the archive.
    private func image(on members: String, as verb: SpecVerb = .layered) async throws -> BuiltImage {
        try directory.write(
            #"{"name": "x", "tag": "1", "fromImage": "base.tar"\#(members)}"#, to: "spec.json")
        return try await image("spec.json", as: verb)
    }

    private func config(_ image: BuiltImage) -> JSONValue {
        image.config.json
    }

    @Test func isTheImageThatTheSpecNames() async throws {
        for (members, size) in [
            ("", 10240), (#", "fromImageName": "h:5000/one""#, 10240), (#", "fromImageTag": "1""#, 10240),
            (#", "fromImageName": "two""#, 20480), (#", "fromImageTag": "2""#, 20480),
            (#", "fromImageName": "two", "fromImageTag": "1""#, 20480), (#", "fromImageName": null"#, 10240),
        ] as [(String, UInt64)] {
            for verb in [SpecVerb.layered, .build] {
                let image = try await image(on: members, as: verb)
                #expect(try image.layers.first?.open().size == size)
                #expect(image.layers.count == 2)
                #expect(image.comments.count == 1)
            }
        }
        for (members, cause) in [
            (#", "fromImageName": "one""#, "it contains no image named 'one'"),
            (#", "fromImageTag": "3""#, "it contains no image with the tag '3'"),
            (#", "fromImageName": "h:5000/one", "fromImageTag": "2""#, "it contains no image named 'h:5000/one:2'"),
        ] {
            let failure = await #expect(throws: ToolError.self) { _ = try await image(on: members) }
            #expect(failure?.code == .data)
            #expect(failure?.cause == cause)
            #expect(failure?.remedy == "choose one of its images: h:5000/one:1, two:1, two:2")
        }
    }

    /// The image of a spec on a base by this text.
    private func image(onBase text: String, _ members: String = "") async throws -> BuiltImage {
        try directory.write(#"{"name": "x", "tag": "1", "fromImage": "\#(text)"\#(members)}"#, to: "spec.json")
        return try await image("spec.json")
    }

    @Test func isAllThatACommandLineTakesAsAnImage() async throws {
        for (text, size) in [
            ("base.tar#two:2", 20480), ("docker-archive:base.tar", 10240), ("./base.tar", 10240),
            ("docker-archive:base.tar:two:1", 20480), ("oci-archive:\(directory.path)/base.tar:h:5000/one:1", 10240),
        ] as [(String, UInt64)] {
            #expect(try await image(onBase: text).layers.first?.open().size == size, "\(text)")
        }
        #expect(try await image(onBase: "docker-archive:base.tar", #", "fromImageTag": "2""#).layers.count == 2)
        let twice = await #expect(throws: ToolError.self) {
            _ = try await image(onBase: "base.tar#two:2", #", "fromImageTag": "1""#)
        }
        #expect(twice?.code == .data)
        #expect(twice?.remedy == "leave fromImageName and fromImageTag out")
        let malformed = await #expect(throws: ToolError.self) { _ = try await image(onBase: "docker://UPPER") }
        #expect(malformed?.code == .data)
        #expect(malformed?.cause.hasPrefix("fromImage: cannot use the name 'docker://UPPER': ") == true)
    }

    @Test func namesWithoutASchemeSuggestOne() async throws {
        let failure = await #expect(throws: ToolError.self) { _ = try await image(onBase: "localhost:5000/app:1") }
        #expect(failure?.code == .data)
        #expect(failure?.message == "cannot read 'localhost:5000/app:1'")
        let remedy = "\(failure?.remedy ?? "")"
        #expect(remedy.contains("docker://localhost:5000/app:1"))
        let file = await #expect(throws: ToolError.self) { _ = try await image(onBase: "none.tar.gz") }
        let remedyOfFile = "\(file?.remedy ?? "docker://")"
        #expect(!remedyOfFile.contains("docker://"))
    }

    @Test func takesTheNamesOfUnameAndNixForArchitectures() async throws {
        let image = try await image(onBase: "base.tar", #", "architecture": "x86_64""#)
        #expect(config(image)["architecture"] == "amd64")
        #expect(image.spec.buildArgs["architecture"] == "amd64")
        var spec = ImageSpec(name: "x")
        spec.architecture = "aarch64"
        #expect(try spec.validated(for: .layered, currentDirectory: "/").architecture == "arm64")
    }

    @Test func inheritsFromItsConfig() async throws {
        let plain = try await config(image(on: ""))
        #expect(plain["architecture"] == "arm64")
        #expect(plain["variant"] == "v8")
        #expect(plain["config"] == ["Env": ["A=1"]])
        #expect(plain["history"]?.array?.first == ["comment": "base layer"])
        #expect(plain["history"]?.array?.count == 2)
        let all = try await config(image(on: #", "inheritConfig": true, "config": {"Env": ["A=2", "B=1"]}"#))
        #expect(all["config"] == ["Env": ["A=2", "B=1"], "User": "me"])
        #expect(log.warnings == [])
        // A variant belongs to its architecture.
        let other = try await config(image(on: #", "architecture": "amd64""#))
        #expect(other["architecture"] == "amd64")
        #expect(other["variant"] == nil)
        #expect(log.warnings.count == 1)
        #expect(log.warnings.first?.hasSuffix("builds an image for amd64 on a base for arm64") == true)
        let silent = try await config(image(on: #", "fromImageName": "two""#))
        #expect(silent["architecture"] == .string(HostArchitecture.name))
    }

    @Test func isBuiltIfItIsASpec() async throws {
        try directory.write(
            #"{"name": "below", "fromImage": "base.tar", "config": {"Env": ["C=1"]}}"#, to: "below.json")
        try directory.write("name = 'top'\nfromImage = 'below.json'\nconfig.Env = ['D=1']", to: "top.toml")
        let image = try await image("top.toml")
        #expect(image.layers.count == 3)
        #expect(image.base?.layers.count == 2)
        #expect(config(image)["config"]?["Env"] == ["A=1", "C=1", "D=1"])
        #expect(config(image)["history"]?.array?.count == 3)
        #expect(config(image)["architecture"] == "arm64")
    }

    @Test func refusesSpecsThatFormACycle() async throws {
        try directory.write(#"{"name": "a", "fromImage": "b.json"}"#, to: "a.json")
        try directory.write(#"{"name": "b", "fromImage": "./c.toml"}"#, to: "b.json")
        try directory.write("name = 'c'\nfromImage = 'link.json'", to: "c.toml")
        try FileManager.default.createSymbolicLink(
            atPath: directory.path.appending("link.json").string, withDestinationPath: "a.json")
        try directory.write(#"{"name": "self", "fromImage": "self.json"}"#, to: "self.json")
        for name in ["a.json", "b.json", "c.toml", "link.json", "self.json"] {
            let failure = await #expect(throws: ToolError.self) { _ = try await image(name) }
            #expect(failure?.code == .data)
            #expect(failure?.cause.hasSuffix(": the specs form a cycle") == true)
        }
        // Two specs may have the same base.
        try directory.write(#"{"name": "d", "fromImage": "base.tar"}"#, to: "d.json")
        #expect(try await image("d.json").layers.count == 2)
    }

    @Test func refusesAMissingBase() async throws {
        try FileManager.default.removeItem(atPath: directory.path.appending("base.tar").string)
        let failure = await #expect(throws: ToolError.self) { _ = try await image(on: "") }
        #expect(failure?.code == .data)
        #expect(failure?.message == "cannot read '\(directory.path)/base.tar'")
    }
}
