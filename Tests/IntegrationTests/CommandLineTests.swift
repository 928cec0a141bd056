import Foundation
import TestSupport
import Testing

@Suite("Command line")
struct CommandLineTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    static let verbs = ["layered", "stream", "plan", "inspect", "cache", "shadow-setup", "schema"]

    @Test("Every verb has help with an example", arguments: verbs)
    func help(verb: String) throws {
        let outcome = try Dockertools.run([verb, "--help"])
        #expect(outcome.status == 0)
        #expect(outcome.errors.isEmpty)
        let lines = outcome.text.split(separator: "\n")
        let example = try #require(lines.firstIndex { $0.trimmingPrefix(" ") == "Example:" })
        #expect(lines[example + 1].contains("dockertools \(verb)"))
        #expect(try Dockertools.run(["help", verb]).text == outcome.text)
    }

    @Test("The program lists all verbs and its version")
    func root() throws {
        let help = try Dockertools.run(["--help"])
        #expect(help.status == 0)
        for verb in Self.verbs { #expect(help.text.contains("\n  \(verb) ")) }
        let version = try Dockertools.run(["--version"])
        #expect(version.status == 0)
        #expect(version.text.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+\n/) != nil)
    }

    @Test(
        "Unknown verbs, options and missing arguments are bad usage (64)",
        arguments: [["frobnicate"], ["layered"], ["plan", "a.json", "--x"]])
    func usage(arguments: [String]) throws {
        let outcome = try Dockertools.run(arguments)
        #expect(outcome.status == 64)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains("Usage: dockertools"))
    }

    @Test("Completions exist for bash, zsh and fish")
    func completions() throws {
        for (shell, mark) in [("bash", "complete "), ("zsh", "#compdef dockertools"), ("fish", "complete -c")] {
            let outcome = try Dockertools.run(["--generate-completion-script", shell])
            #expect(outcome.status == 0)
            #expect(outcome.text.contains(mark))
            for verb in Self.verbs { #expect(outcome.text.contains(verb)) }
        }
        let bash = try directory.write(
            Dockertools.run(["--generate-completion-script", "bash"]).output, to: "dockertools.bash")
        let check = try Program.run(["bash", "-n", bash])
        #expect(check.status == 0)
        #expect(check.errors.isEmpty)
    }

    @Test("The schema is a valid JSON Schema, and the fixtures satisfy it")
    func schema() throws {
        let outcome = try Dockertools.run(["schema"])
        #expect(outcome.status == 0)
        let schema = try directory.write(outcome.output, to: "schema.json")
        let script = """
            import datetime, glob, json, sys, tomllib
            from jsonschema import Draft202012Validator as Validator

            def plain(value):
                if isinstance(value, dict): return {key: plain(item) for key, item in value.items()}
                if isinstance(value, list): return [plain(item) for item in value]
                return value.isoformat() if isinstance(value, datetime.datetime) else value

            schema = json.load(open(sys.argv[1]))
            Validator.check_schema(schema)
            validator = Validator(schema)
            names = sorted(glob.glob(sys.argv[2] + "/*.json") + glob.glob(sys.argv[2] + "/*.toml"))
            assert len(names) >= 2
            for name in names:
                spec = json.load(open(name)) if name.endswith(".json") else plain(tomllib.load(open(name, "rb")))
                validator.validate(spec)
                bad = [dict(spec, nmae=1), dict(spec, maxLayers=126), dict(spec, uid="0"), dict(spec, compressor="xz"),
                       dict(spec, config={"Env": ["x"]}), dict(spec, created="yesterday"), {"contents": []}]
                for other in bad:
                    assert not validator.is_valid(other), other
            """
        let check = try Program.run(["python3", "-c", script, schema, "\(Dockertools.checkout)/Fixtures"])
        #expect(check.status == 0, "\(check.errors)")
    }

    @Test("A spec is read from standard input, and from any file with --spec")
    func specs() throws {
        let spec = Array("{\"name\": \"given\"}".utf8)
        let expected = try Dockertools.run(["stream", directory.write(spec, to: "spec.json")]).output
        #expect(expected.count == 20480)
        #expect(try Dockertools.run(["stream", "-"], input: spec).output == expected)
        #expect(try Dockertools.run(["stream", "-"], input: Array("name = \"given\"".utf8)).output == expected)
        let other = try directory.write(spec, to: "spec")
        #expect(try Dockertools.run(["stream", "--spec", other]).output == expected)
        #expect(try Dockertools.run(["stream", other]).status == 64)
        #expect(try Dockertools.run(["stream", directory.path("none.json")]).status == 65)
    }

    @Test("Keys that are not supported yet are refused, not ignored")
    func notBuiltYet() throws {
        let outcome = try Dockertools.run(
            ["stream", "-"], input: Array("{\"name\": \"later\", \"includeNixDB\": true}".utf8))
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains("not implemented yet"))
        #expect(outcome.output.isEmpty)
    }
}
