import ByteIO
import Errors
import Store
import SystemPackage
import Testing

@testable import DockerTools

@Suite struct ImageSpecTests {
    private let directory: SpecDirectory

    init() throws { directory = try SpecDirectory() }

    @Test func defaultsAreDockerTools() throws {
        let spec = try directory.load(text: "name = 'x'")
        #expect(spec.source == "the spec 'spec'")
        #expect(spec.name == "x")
        #expect(spec.tag == nil)
        #expect(spec.contents == [])
        #expect(spec.config.json == [:])
        #expect(spec.created == .standard)
        #expect(spec.mtime == 1)
        #expect(spec.architecture == nil)
        #expect(spec.fromImage == nil)
        #expect(spec.fromImageName == nil)
        #expect(spec.fromImageTag == nil)
        #expect(!spec.inheritConfig)
        #expect(!spec.keepContentsDirlinks)
        #expect(spec.variant == nil)
        #expect(spec.uid == 0)
        #expect(spec.gid == 0)
        #expect(spec.uname == "root")
        #expect(spec.gname == "root")
        #expect(spec.extraCommands == "")
        #expect(spec.maxLayers == 100)
        #expect(spec.layering == .popularity)
        #expect(spec.includeStorePaths)
        #expect(spec.closure == nil)
        #expect(spec.storeLocation == StoreLocation())
        #expect(spec.compressor == nil)
        #expect(spec.warnings == [])
        #expect(spec.buildArgs == ["name": "x"])
    }

    @Test func everyValueIsTaken() throws {
        let spec = try directory.load(
            text: """
                {"name": "Registry.Example:5000/Team/Hello", "tag": "v1", "created": "now", "mtime": "now",
                 "architecture": "arm64", "variant": "v8", "uid": 4294967294, "gid": 1000.0, "uname": "a",
                 "gname": "b", "extraCommands": "ls\\n", "maxLayers": 2, "layering": "size",
                 "includeStorePaths": false, "closure": "graph.json", "storeDir": "/gnu//store/",
                 "storeRoot": "root", "compressor": "zstd"}
                """)
        #expect(spec.name == "registry.example:5000/team/hello")
        #expect(spec.tag == "v1")
        #expect(spec.created == specNow)
        #expect(spec.mtime == 1_000_000_000)
        #expect(spec.architecture == "arm64")
        #expect(spec.variant == "v8")
        #expect(spec.uid == 4_294_967_294)
        #expect(spec.gid == 1000)
        #expect(spec.uname == "a")
        #expect(spec.gname == "b")
        #expect(spec.extraCommands == "ls\n")
        #expect(spec.maxLayers == 2)
        #expect(spec.layering == .size)
        #expect(!spec.includeStorePaths)
        #expect(spec.closure == directory.path.appending("graph.json"))
        #expect(spec.storeLocation == StoreLocation(storeDir: "/gnu/store", root: directory.path.appending("root")))
        #expect(spec.compressor == .zstd)
    }

    @Test func environmentSetsTheDefaultTimesOnly() throws {
        let environment = ["SOURCE_DATE_EPOCH": "1700000000"]
        let spec = try directory.load(text: "name = 'x'", environment: environment)
        #expect(spec.created.seconds == 1_700_000_000)
        #expect(spec.mtime == 1_700_000_000)
        #expect(spec.owner.modified == 1_700_000_000)
        #expect(spec.storeOwner.modified == 1)
        let given = try directory.load(
            text: "name = 'x'\ncreated = 1970-01-01T00:00:05Z\nmtime = '1970-01-01T00:00:06.9Z'",
            environment: environment)
        #expect(given.created.seconds == 5)
        #expect(given.mtime == 6)
        #expect(given.storeOwner.modified == 6)
        var changed = spec
        changed.mtime = 7
        #expect(changed.storeOwner.modified == 7)
        let failure = #expect(throws: ToolError.self) {
            try directory.load(text: "name = 'x'", environment: ["SOURCE_DATE_EPOCH": "yesterday"])
        }
        #expect(failure?.code == .data)
    }

    @Test func fixturesSayTheSameInBothLanguages() throws {
        let json = try load(fixture: "hello.json")
        let toml = try load(fixture: "hello.toml")
        #expect(json.buildArgs.canonical == toml.buildArgs.canonical)
        #expect(json.config == toml.config)
        #expect(json.contents.map(\.place) == [.machine(fixtures.appending("hello-root"))])
        #expect(json.created.description == "2024-02-29T12:00:00Z")
        #expect(json.warnings == [])
        #expect(json.storeLocation == toml.storeLocation)
        #expect(json.uid == toml.uid)
        #expect(json.created == toml.created)
        #expect(json.maxLayers == toml.maxLayers)
        #expect(
            json.buildArgs.canonical
                == #"{"config":{"Cmd":["/bin/sh","-c","cat /etc/greeting"],"Env":["PATH=/bin","GREETING=hello"],"#
                + #""ExposedPorts":{"8080/tcp":{}},"Labels":{"org.opencontainers.image.title":"hello"},"#
                + #""WorkingDir":"/"},"contents":["hello-root"],"created":"2024-02-29T12:00:00Z","#
                + #""includeStorePaths":true,"maxLayers":5,"name":"hello","tag":"v1","uid":1000}"#)
    }

    private func load(fixture: String) throws -> ImageSpec {
        try ImageSpec.read(
            SpecFile.read(.file(fixtures.appending(fixture)), currentDirectory: "/"), verb: .layered,
            environment: [:], now: { specNow })
    }

    @Test func buildArgsHoldNothingOfTheMachine() throws {
        let name = baseName("hello")
        let machine = directory.path.appending("root/nix/store/\(name)/bin")
        let spec = try directory.load(
            text: """
                {"name": "X", "copyToRoot": ["\(machine)", "plain"], "closure": "graph", "storeRoot": "root",
                 "compressor": "none", "tag": null, "created": "1970-01-01T01:00:00+01:00", "mtime": "now",
                 "storeDir": "/nix/store/", "config": {"User": null, "Healthcheck": {"Retries": null}}}
                """, sets: ["uid=5"])
        #expect(
            spec.buildArgs.canonical
                == #"{"config":{"Healthcheck":{}},"contents":["/nix/store/\#(name)/bin","plain"],"#
                + #""created":"1970-01-01T00:00:00Z","mtime":"now","name":"X","storeDir":"/nix/store","uid":5}"#)
    }

    @Test func contentsAreResolved() throws {
        let (a, b) = (baseName("a"), baseName("b", "b"))
        let spec = try directory.load(
            text: """
                {"name": "x", "storeRoot": "root", "contents":
                  ["/nix/store/\(a)", "/nix/store/./\(a)/", "root/nix/store/\(b)/bin/sh", "plain/x/../y",
                   "./plain/x/../y", "/other", "/nix/storeother"]}
                """)
        let root = directory.path.appending("root")
        #expect(
            spec.contents.map(\.written) == [
                "/nix/store/\(a)", "root/nix/store/\(b)/bin/sh", "plain/x/../y", "/other", "/nix/storeother",
            ])
        #expect(
            spec.contents.map(\.logicalPath) == ["/nix/store/\(a)", "/nix/store/\(b)/bin/sh", nil, nil, nil])
        #expect(
            spec.contents.map { $0.machinePath(in: spec.storeLocation) } == [
                root.appending("nix/store/\(a)"), root.appending("nix/store/\(b)/bin/sh"),
                directory.path.appending("plain/x/../y"), "/other", "/nix/storeother",
            ])
        let path = try #require(StorePath(baseName: b, storeDir: "/nix/store"))
        #expect(spec.contents[1].place == .store(path, below: "bin/sh"))
    }

    @Test func onePathIsAListToo() throws {
        #expect(try directory.load(text: "name = 'x'\ncontents = 'a'").contents.map(\.written) == ["a"])
        #expect(try directory.load(text: "name = 'x'\ncopyToRoot = ['a']").contents.map(\.written) == ["a"])
    }

    @Test func pathInTheStoreThatIsNoStorePathIsRefused() throws {
        #expect(
            try directory.issues("name = 'x'\ncontents = ['/nix/store/x', '/nix/store/.links/y']") == [
                "contents: got \"/nix/store/x\"; it is in the store's directory, expected a store path there: HASH-NAME",
                "contents: got \"/nix/store/.links/y\"; it is in the store's directory, expected a store path there: "
                    + "HASH-NAME",
            ])
    }

    @Test func compressorMeansNothingToStream() throws {
        #expect(try directory.load(text: "name = 'x'\ncompressor = 'zstd'", verb: .stream).name == "x")
    }

    @Test(arguments: [
        "a", "a0/b.c", "a__b", "a---b", "localhost/x", "localhost:5000/x", "example.com/x", "Example.COM:443/X",
        "a-b.example/x_y", "[::1]:5000/x", "UPPER/Case",
    ])
    func namesAreTaken(name: String) throws {
        #expect(try directory.load(text: "name = '\(name)'").name == name.lowercased())
    }

    @Test(arguments: [
        "", "/x", "x/", "a//b", "-a", "a-", "a___b", "a..b", "a._b", "é", "a b", "exa_mple.com/x", "-a.com/x",
        "a.com:/x", "a.com:x/y", "\u{212A}", "[::g]/x", "../x",
    ])
    func badNamesAreRefused(name: String) throws {
        #expect(
            try directory.issues("name = '\(name)'") == [
                "name: got \"\(name)\"; expected an image's name such as \"hello\" or "
                    + "\"registry.example:5000/team/hello\""
            ])
    }

    @Test func nameWithTagDigestOrIDIsRefused() throws {
        #expect(
            try directory.issues("name = 'Hello:v1'") == [
                "name: got \"Hello:v1\"; a name has no tag, the key tag has it: write name \"Hello\" and tag \"v1\""
            ])
        #expect(
            try directory.issues("name = 'h:5000/x:é'") == [
                "name: got \"h:5000/x:é\"; a name has no tag, the key tag has it"
            ])
        #expect(
            try directory.issues("name = 'x@sha256:00'") == [
                "name: got \"x@sha256:00\"; expected a name without a digest, \"x\""
            ])
        let id = String(repeating: "a", count: 64)
        #expect(
            try directory.issues("name = '\(id)'").first?.contains("64 hexadecimal digits are an image ID") == true)
        #expect(try directory.issues("name = '\(String(repeating: "g", count: 256))'").count == 1)
    }

    @Test(arguments: ["", ".a", "-a", "a b", "é", "a:b", String(repeating: "a", count: 129)])
    func badTagsAreRefused(tag: String) throws {
        let shown = tag.count > 80 ? "\"\(tag.prefix(76))..." : "\"\(tag)\""
        #expect(
            try directory.issues("name = 'x'\ntag = '\(tag)'") == [
                "tag: got \(shown); expected a tag: letters, digits, '_', '.' and '-', at most 128, not starting "
                    + "with '.' or '-'"
            ])
    }
}
