import JSON
import OCI
import Testing

@Suite("Configs that inherit from a base")
struct ImageConfigInheritanceTests {
    private static let base: JSONValue = [
        "architecture": "arm64", "variant": "v8",
        "config": [
            "Env": ["PATH=/bin", "A=1", "B"], "User": "me", "Cmd": ["sh"], "Labels": ["a": "b"], "Entrypoint": nil,
        ],
        "history": [
            ["created": "2020-01-01T00:00:00Z", "created_by": "ADD", "author": "x"],
            ["created_by": "ENV", "empty_layer": true],
        ],
    ]

    private func read(_ json: JSONValue) throws -> ImageConfig {
        var members = json.object ?? [:]
        members["rootfs"] = ["diff_ids": []]
        return try ImageConfig(json: .object(members), bytes: [])
    }

    private func config(
        _ base: JSONValue, layerCount: Int = 1, inheritsAll: Bool = false, own: JSONValue = [:]
    ) throws -> JSONValue {
        let base = try read(base)
        return ImageConfig(
            created: "x", architecture: "amd64",
            runtime: base.inheritedRuntime(overriddenBy: own, inheritsAll: inheritsAll),
            history: base.inheritedHistory(layerCount: layerCount)
                + [ImageConfig.History(created: "x", createdBy: "dockertools", comment: "own")]
        ).json
    }

    @Test("Only Env is inherited by default") func envAloneIsInherited() throws {
        #expect(try config(Self.base)["config"] == ["Env": ["PATH=/bin", "A=1", "B"]])
        #expect(
            try config(Self.base, own: ["User": "you", "Cmd": ["x"]])["config"]
                == ["Env": ["PATH=/bin", "A=1", "B"], "User": "you", "Cmd": ["x"]])
    }

    @Test("The last value of a variable is used, in the place of the first")
    func theLastValueOfAVariableCountsInTheFirstOnesPlace() throws {
        func env(_ base: [String], _ own: [String]) throws -> JSONValue? {
            func list(_ values: [String]) -> JSONValue { ["Env": .array(values.map { .string($0) })] }
            return try config(["config": list(base)], own: list(own))["config"]?["Env"]
        }
        #expect(try env(["PATH=/bin", "A=1"], ["B=2", "PATH=/usr/bin"]) == ["PATH=/usr/bin", "A=1", "B=2"])
        #expect(try env(["A=1", "B=1", "A=2"], []) == ["A=2", "B=1"])
        #expect(try env([], ["A=1", "A=", "A=3=4"]) == ["A=3=4"])
        // A variable may have no value; upper and lower case differ.
        #expect(try env(["A", "a=1"], ["A=2"]) == ["A=2", "a=1"])
    }

    @Test("All members are inherited on request") func allIsInheritedWhereThatIsAskedFor() throws {
        #expect(
            try config(Self.base, inheritsAll: true, own: ["User": "you", "Env": ["A=2"]])["config"] == [
                "Env": ["PATH=/bin", "A=2", "B"], "User": "you", "Cmd": ["sh"], "Labels": ["a": "b"],
            ])
    }

    @Test("Nothing is inherited from an empty config") func aBaseThatSaysNothingGivesNothing() throws {
        for base: JSONValue in [[:], ["config": nil], ["config": [:]], ["config": ["Env": nil]], ["config": 1]] {
            #expect(try config(base, layerCount: 0, inheritsAll: true)["config"]?["Env"] == nil)
            #expect(try config(base, layerCount: 0, own: ["User": "me"])["config"] == ["User": "me"])
        }
        let base = try read([:])
        #expect(base.architecture == nil)
        #expect(base.variant == nil)
    }

    @Test("The history is kept if it has a line for each layer, and replaced if not")
    func historyIsKeptAsItIs() throws {
        let own: JSONValue = ["created": "x", "created_by": "dockertools", "comment": "own"]
        let lines = Self.base["history"]?.array ?? []
        #expect(try config(Self.base)["history"] == .array(lines + [own]))
        // Otherwise the lines of all layers above would be shifted.
        let line: JSONValue = ["comment": "base layer"]
        #expect(try config(Self.base, layerCount: 3)["history"] == .array([line, line, line, own]))
        #expect(try config([:], layerCount: 2)["history"] == .array([line, line, own]))
        #expect(try config([:], layerCount: 0)["history"] == .array([own]))
    }

    @Test("The processor is read") func tellsTheProcessor() throws {
        let base = try read(Self.base)
        #expect(base.architecture == "arm64")
        #expect(base.variant == "v8")
    }
}
