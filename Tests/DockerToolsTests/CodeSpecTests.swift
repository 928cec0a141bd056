import Errors
import SystemPackage
import Testing

@testable import DockerTools

@Suite("Specs made in code")
struct CodeSpecTests {
    private let directory: SpecDirectory

    init() throws { directory = try SpecDirectory() }

    @Test("The defaults are those of the spec file")
    func defaults() throws {
        var file = try directory.load(text: "name = 'x'")
        file.source = "the spec of 'x'"
        file.fileMembers = nil
        #expect(file == ImageSpec(name: "x"))
        #expect(ImageSpec(name: "x").buildArgs == ["name": "x"])
    }

    @Test("The same values make the same arguments as in the spec file")
    func arguments() throws {
        var spec = ImageSpec(name: "App")
        spec.tag = "v1"
        spec.contents = ["root"]
        spec.config.cmd = ["/bin/app"]
        spec.config.env = ["A=1"]
        spec.config.exposedPorts = ["80/tcp"]
        spec.maxLayers = 5
        let file = try directory.load(
            text: """
                {"name": "App", "tag": "v1", "contents": "root", "maxLayers": 5,
                 "config": {"Cmd": ["/bin/app"], "Env": ["A=1"], "ExposedPorts": {"80/tcp": {}}}}
                """)
        let checked = try spec.validated(for: .layered, currentDirectory: directory.path)
        #expect(checked.buildArgs == file.buildArgs)
        #expect(checked.contents == file.contents)
        #expect(checked.config == file.config)
        #expect(checked.name == "app")
    }

    @Test("A spec file stays as it is when it is checked again")
    func twice() throws {
        let path = "/nix/store/" + baseName("a")
        let spec = try directory.load(
            text: """
                {"name": "x", "storeRoot": "root", "contents": ["\(path)", "b"], "closure": "graph", "mtime": "now",
                 "fromImage": "base.tar", "config": {"Unknown": 1}}
                """)
        #expect(try spec.validated(for: .layered, currentDirectory: "/elsewhere") == spec)
    }

    @Test("Invalid values are reported by their keys")
    func invalid() {
        var spec = ImageSpec(name: "a b")
        spec.config.exposedPorts = ["0"]
        spec.maxLayers = 1
        spec.runAsRoot = "true"
        let error = #expect(throws: ToolError.self) {
            try spec.validated(for: .layered, currentDirectory: directory.path)
        }
        #expect(error?.code == .data)
        #expect(error?.message == "the spec of 'a b' has 4 errors")
        let keys = error?.cause.split(separator: "\n").map { $0.prefix { $0 != ":" } }
        #expect(keys == ["config.ExposedPorts.0", "maxLayers", "name", "runAsRoot"])
    }

    @Test("Unknown members of the config are kept, with a warning")
    func unknownMember() throws {
        var spec = ImageSpec(name: "x")
        spec.config["Extra"] = 1
        spec.config.user = "nobody"
        let checked = try spec.validated(for: .layered, currentDirectory: directory.path)
        #expect(checked.config.json == ["Extra": 1, "User": "nobody"])
        #expect(checked.warnings == ["config.Extra: unknown key, kept as it is"])
    }
}
