import Errors
import Testing

@testable import DockerTools

@Suite struct SpecOverrideTests {
    private let directory: SpecDirectory

    init() throws { directory = try SpecDirectory() }

    private func load(_ sets: String...) throws -> ImageSpec {
        try directory.load(
            text: #"{"name": "x", "tag": "old", "contents": ["a"], "config": {"Env": ["A=b"], "Labels": {"l": "m"}}}"#,
            sets: sets)
    }

    @Test func valuesAreReadAsTheKeysType() throws {
        let spec = try load(
            "name=y", "tag=10", "maxLayers=7", "includeStorePaths=false", "created=now", "layering=size",
            "extraCommands=a=b\nc", "closure=graph", "uid=12")
        #expect(spec.name == "y")
        #expect(spec.tag == "10")
        #expect(spec.maxLayers == 7)
        #expect(!spec.includeStorePaths)
        #expect(spec.created == specNow)
        #expect(spec.layering == .size)
        #expect(spec.extraCommands == "a=b\nc")
        #expect(spec.closure == directory.path.appending("graph"))
        #expect(spec.uid == 12)
        #expect(spec.buildArgs["maxLayers"] == 7)
    }

    @Test func nullIsNullWhereTheTypeTakesIt() throws {
        #expect(try load("tag=null").tag == nil)
        #expect(try load("name=null").name == "null")
        #expect(try load("maxLayers=null").maxLayers == 100)
        #expect(try load("contents=null").contents.isEmpty)
        #expect(try load("compressor=null").compressor == nil)
        #expect(try load("config.User=null").config["User"] == nil)
        #expect(try load("config.Labels.a=null").config["Labels"] == ["l": "m", "a": "null"])
    }

    @Test func listsAreSetFromJSONOrOneText() throws {
        #expect(try load("contents=b").contents.map(\.written) == ["b"])
        #expect(try load(#"contents=["b", "c"]"#).contents.map(\.written) == ["b", "c"])
        #expect(try load("copyToRoot=b").contents.map(\.written) == ["b"])
        #expect(try load("config.Env=C=d").config["Env"] == ["C=d"])
        #expect(try load(#"config.Cmd=["/bin/sh", "-c", "x"]"#).config["Cmd"] == ["/bin/sh", "-c", "x"])
        #expect(try load("config.Cmd=/bin/a b").config["Cmd"] == ["/bin/a b"])
    }

    @Test func objectsAreSetFromJSON() throws {
        #expect(try load(#"config={"User": "a"}"#).config.json == ["User": "a"])
        #expect(try load(#"config.Volumes={"/a": {}}"#).config["Volumes"] == ["/a": [:]])
        #expect(try load("config.Volumes./a.b={}").config["Volumes"] == ["/a.b": [:]])
        #expect(try load("config.Healthcheck.Retries=3").config["Healthcheck"] == ["Retries": 3])
    }

    @Test func restOfAMapsKeyIsOneName() throws {
        #expect(
            try load("config.Labels.org.opencontainers.image.title=a.b=c").config["Labels"]
                == ["l": "m", "org.opencontainers.image.title": "a.b=c"])
    }

    @Test func laterOverridesWin() throws {
        #expect(try load("tag=a", "tag=b").tag == "b")
        #expect(try load("config.User=a", "config={}").config.json == [:])
    }

    @Test func specOfOverridesAloneWorks() throws {
        #expect(try directory.load(text: "", sets: ["name=x", "config.User=u"]).config.json == ["User": "u"])
    }

    @Test(arguments: [
        ("maxLayers=many", #"maxLayers (from an override): got "many"; expected an integer from 2 to 125"#),
        ("maxLayers=500", "maxLayers (from an override): got 500; expected an integer from 2 to 125"),
        ("maxLayers=", #"maxLayers (from an override): got ""; expected an integer from 2 to 125"#),
        ("includeStorePaths=yes", #"includeStorePaths (from an override): got "yes"; expected true or false"#),
        ("config=x", #"config (from an override): got "x"; expected an object"#),
        ("config.Env=A", #"config.Env[0] (from an override): got "A"; expected NAME=VALUE with a non-empty name"#),
        (
            "config.Volumes.a={}",
            #"config.Volumes.a (from an override): got "a"; expected an absolute path, such as "/data""#
        ),
        ("config.ExposedPorts.80=x", #"config.ExposedPorts.80 (from an override): got "x"; expected an object"#),
        ("maxLayer=5", #"maxLayer (from an override): got "5"; unknown key; did you mean maxLayers?"#),
        ("config.cmd=x", #"config.cmd (from an override): got "x"; unknown key; did you mean Cmd?"#),
        ("config.Env[0]=A=b", #"config.Env[0] (from an override): got "A=b"; unknown key"#),
        ("config.Healthcheck.Retry=1", #"config.Healthcheck.Retry (from an override): got "1"; unknown key"#),
        ("tag.x=1", #"tag.x (from an override): got "1"; unknown key"#),
        (".=1", #". (from an override): got "1"; unknown key"#),
        ("fromImage.x=1", #"fromImage.x (from an override): got "1"; unknown key"#),
        ("imageName=x", #"imageName (from an override): got "x"; the key is for pull, not for layered"#),
    ])
    func badOverridesAreFaultsOfTheSpec(set: String, expected: String) throws {
        #expect(try directory.issues("name = 'x'", sets: [set]) == [expected])
    }

    @Test(arguments: ["tag", "", "=x"])
    func malformedOverrideIsBadUsage(set: String) throws {
        #expect(
            throws: ToolError(
                .usage, "cannot read the override '\(set)'", cause: "it is not KEY=VALUE",
                remedy: "write for example \(.overrides) tag=v1 or \(.overrides) config.User=nobody")
        ) { try load(set) }
    }
}
