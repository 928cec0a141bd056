import Images
import JSON
import Testing

struct BaseConfigTests {
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

    private func config(
        _ base: JSONValue, layerCount: Int = 1, inheritsAll: Bool = false, own: JSONValue = [:]
    ) -> JSONValue {
        ImageConfig(
            created: "x", architecture: "amd64", runtime: own,
            history: [ImageConfig.History(created: "x", comment: "own")],
            base: BaseConfig(base, layerCount: layerCount, inheritsAll: inheritsAll)
        ).json(diffIDs: [])
    }

    @Test func envAloneIsInherited() {
        #expect(config(Self.base)["config"] == ["Env": ["PATH=/bin", "A=1", "B"]])
        #expect(
            config(Self.base, own: ["User": "you", "Cmd": ["x"]])["config"]
                == ["Env": ["PATH=/bin", "A=1", "B"], "User": "you", "Cmd": ["x"]])
    }

    @Test func theLastValueOfAVariableCountsInTheFirstOnesPlace() {
        func env(_ base: [String], _ own: [String]) -> JSONValue? {
            func list(_ values: [String]) -> JSONValue { ["Env": .array(values.map { .string($0) })] }
            return config(["config": list(base)], own: list(own))["config"]?["Env"]
        }
        #expect(env(["PATH=/bin", "A=1"], ["B=2", "PATH=/usr/bin"]) == ["PATH=/usr/bin", "A=1", "B=2"])
        #expect(env(["A=1", "B=1", "A=2"], []) == ["A=2", "B=1"])
        #expect(env([], ["A=1", "A=", "A=3=4"]) == ["A=3=4"])
        // A name is a name whether it has a value or not; letters count.
        #expect(env(["A", "a=1"], ["A=2"]) == ["A=2", "a=1"])
    }

    @Test func allIsInheritedWhereThatIsAskedFor() {
        #expect(
            config(Self.base, inheritsAll: true, own: ["User": "you", "Env": ["A=2"]])["config"] == [
                "Env": ["PATH=/bin", "A=2", "B"], "User": "you", "Cmd": ["sh"], "Labels": ["a": "b"],
            ])
    }

    @Test func aBaseThatSaysNothingGivesNothing() {
        for base: JSONValue in [[:], ["config": nil], ["config": [:]], ["config": ["Env": nil]], ["config": 1]] {
            #expect(config(base, layerCount: 0, inheritsAll: true)["config"]?["Env"] == nil)
            #expect(config(base, layerCount: 0, own: ["User": "me"])["config"] == ["User": "me"])
        }
        let base = BaseConfig([:], layerCount: 0, inheritsAll: false)
        #expect(base.architecture == nil)
        #expect(base.variant == nil)
    }

    @Test func historyIsKeptAsItIs() {
        let own: JSONValue = ["created": "x", "created_by": "dockertools", "comment": "own"]
        let lines = Self.base["history"]?.array ?? []
        #expect(config(Self.base)["history"] == .array(lines + [own]))
        // One that does not fit the layers would shift the lines of all that come above.
        let line: JSONValue = ["comment": "base layer"]
        #expect(config(Self.base, layerCount: 3)["history"] == .array([line, line, line, own]))
        #expect(config([:], layerCount: 2)["history"] == .array([line, line, own]))
        #expect(config([:], layerCount: 0)["history"] == .array([own]))
    }

    @Test func tellsTheProcessor() {
        let base = BaseConfig(Self.base, layerCount: 1, inheritsAll: false)
        #expect(base.architecture == "arm64")
        #expect(base.variant == "v8")
    }
}
