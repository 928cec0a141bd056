import TestSupport
import Testing

@Suite("Bad input: specs")
struct BadInputSpecTests {
    /// A spec that is refused, and parts of the message.
    struct Case: CustomTestStringConvertible {
        let json: String
        let messages: [String]

        init(_ json: String, _ messages: String...) {
            (self.json, self.messages) = (json, messages)
        }

        var testDescription: String { json }
    }

    static let refused = [
        Case(#"{"name": "x", "contnets": []}"#, "contnets: got []", "unknown key", "did you mean contents?"),
        Case(#"{"name": "x", "qqqqqqqqqq": 1}"#, "qqqqqqqqqq: got 1; unknown key"),
        Case(#"{"name": 7}"#, "name: got 7", "expected a"),
        Case(#"{"tag": "v1"}"#, "name: missing"),
        Case(#"{"name": "x", "contents": 7}"#, "contents: got 7", "expected a path, or a list"),
        Case(#"{"name": "x", "contents": [true]}"#, "contents[0]: got true", "expected a path"),
        Case(#"{"name": "x", "uid": "root"}"#, #"uid: got "root""#, "expected an integer from 0 to"),
        Case(#"{"name": "x", "uid": -1}"#, "uid: got -1", "expected an integer from 0 to"),
        Case(#"{"name": "x", "includeStorePaths": "no"}"#, #"got "no""#, "expected true or false"),
        Case(#"{"name": "x", "config": []}"#, "config: got []", "expected an object"),
        Case(
            #"{"name": "x", "config": {"Cmd": "/bin/sh -i"}}"#, #"config.Cmd: got "/bin/sh -i""#,
            #"expected a list of strings: write ["/bin/sh","-i"]"#),
        Case(#"{"name": "x", "config": {"Cmd": ["a", 1]}}"#, "config.Cmd[1]: got 1", "expected a string"),
        Case(
            #"{"name": "x", "config": {"ExposedPorts": {"abc/tcp": {}}}}"#, #"config.ExposedPorts["abc/tcp"]"#,
            #"got "abc/tcp""#, "expected a port from 1 to 65535"),
        Case(#"{"name": "x", "config": {"ExposedPorts": {"80/xyz": {}}}}"#, "80/xyz", "expected a port"),
        Case(
            #"{"name": "x", "config": {"Env": ["A=1", "PATH"]}}"#, #"config.Env[1]: got "PATH""#,
            "expected NAME=VALUE"),
        Case(#"{"name": "x", "config": {"Volumes": {"data": {}}}}"#, "data", "expected an absolute path"),
        Case(#"{"name": "x", "contents": [], "copyToRoot": []}"#, "copyToRoot", "only one of the two"),
        Case(#"{"name": "x", "includeNixDB": true}"#, "includeNixDB", "not implemented yet"),
        Case(#"{"name": "x", "fakeRootCommands": ["true"]}"#, "fakeRootCommands", "expected a string"),
        Case(#"{"name": "x", "includeNixDB": true}"#, "includeNixDB: got true", "not implemented yet"),
        Case(#"{"name": "x", "runAsRoot": "true"}"#, "runAsRoot", "the key is for build, not for layered"),
        Case(#"{"name": "x", "maxLayers": 1}"#, "maxLayers: got 1", "from 2 to 125"),
        Case(#"{"name": "x", "maxLayers": 126}"#, "maxLayers: got 126", "from 2 to 125"),
        Case(#"{"name": "x", "layering": "sise"}"#, "layering", #"did you mean "size"?"#),
        Case(#"{"name": "x", "created": "yesterday"}"#, "created", "RFC 3339"),
        Case(#"{"name": "x", "compressor": "xz"}"#, "compressor", #""none", "gz", "zstd""#),
        Case(#"{"name": "x", "tag": "-a"}"#, "tag", "expected a tag"),
        Case(#"{"name": "x", "contents": ["/nix/store/nothing"]}"#, "contents", "expected a store path"),
        Case(#"[1]"#, "expected an object"),
    ]

    @Test("An invalid spec is refused with the key's path, the value and the expected type (65)", arguments: refused)
    func refuses(_ bad: Case) throws {
        let machine = try TestMachine()
        try machine.write(bad.json, to: "spec.json")
        let outcome = try machine.layered()
        #expect(outcome.status == 65)
        let failure = try #require(outcome.failure)
        #expect(failure.what.hasPrefix("the spec 'spec.json' has an error"))
        for message in bad.messages { #expect(failure.cause.contains(message), "\(failure.cause)") }
        #expect(outcome.output.isEmpty)
        #expect(try machine.leftovers == [])
    }

    @Test("All faults of a spec are listed, one per line")
    func namesAllFaults() throws {
        let machine = try TestMachine()
        try machine.spec(["nmae": "x", "uid": true, "config": ["Cmd": 1]])
        let outcome = try machine.layered()
        #expect(outcome.status == 65)
        let failure = try #require(outcome.failure)
        #expect(failure.what == "the spec 'spec.json' has 3 errors")
        let lines = failure.cause.split(separator: "\n").map { $0.drop { $0 == " " } }
        try #require(lines.count == 3)
        #expect(lines[0].hasPrefix("config.Cmd: got 1; expected a list of strings"))
        #expect(lines[1] == #"nmae: got "x"; unknown key; did you mean name?"#)
        #expect(lines[2].hasPrefix("uid: got true; expected an integer"))
    }

    @Test("A spec that is not valid JSON or TOML is refused with the line", arguments: ["json", "toml"])
    func refusesBrokenText(_ form: String) throws {
        let machine = try TestMachine()
        try machine.write("{\"name\": \"x\",\n  oops", to: "spec.\(form)")
        let outcome = try machine.run(["plan", "spec.\(form)"])
        #expect(outcome.status == 65)
        let failure = try #require(outcome.failure)
        #expect((failure.what + failure.cause).contains("spec.\(form)"))
        #expect((failure.what + failure.cause).contains("line"))
    }

    @Test("A missing spec is status 65, a spec with another ending status 64")
    func refusesMissingSpecs() throws {
        let machine = try TestMachine()
        let missing = try machine.run(["layered", "gone.json"])
        #expect(missing.status == 65)
        #expect(missing.failure?.what == "cannot read the spec 'gone.json'")
        #expect(missing.failure?.cause == "there is no such spec")

        try machine.write("{}", to: "spec.txt")
        let other = try machine.run(["layered", "spec.txt"])
        #expect(other.status == 64)
        #expect(other.failure?.what == "cannot use 'spec.txt' as a spec")
        #expect(other.failure?.cause == "its name ends in neither .json nor .toml")
        #expect(other.failure?.fix.contains("--spec") == true)
    }

    @Test("A spec on standard input gives the same image, and the same faults")
    func readsStandardInput() throws {
        let machine = try TestMachine()
        let good = try machine.run(["layered", "-", "-o", "out/image.tar", "--quiet"], input: Array("name = 'x'".utf8))
        #expect(good.status == 0)
        let bad = try machine.run(["layered", "-", "-o", "out/other.tar"], input: Array("nmae = 'x'".utf8))
        #expect(bad.status == 65)
        #expect(bad.failure?.what.contains("the spec on standard input") == true)
        #expect(try machine.leftovers == ["out/image.tar"])
    }

    @Test("A value may be the name of another key, and an unknown key in config is a warning")
    func warnsOfUnknownConfig() throws {
        let machine = try TestMachine()
        try machine.spec(["config": ["Evn": ["A=1"]]])
        let outcome = try machine.run(["layered", "spec.json", "-o", "out/image.tar"])
        #expect(outcome.status == 0)
        #expect(outcome.text == "\(machine.path("out/image.tar"))\n" || outcome.text == "out/image.tar\n")
        #expect(outcome.errors.contains("warning: config.Evn: unknown key, kept as it is; did you mean Env?\n"))
        #expect(try machine.layered().errors == "")
    }
}
