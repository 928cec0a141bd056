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
        "Unknown verbs, options and missing arguments are bad usage (64), with three parts as all errors",
        arguments: [
            (
                ["frobnicate"], "cannot run `dockertools frobnicate`", "there is no verb 'frobnicate'",
                "`dockertools --help` lists all verbs"
            ),
            (
                ["biuld", "a.toml"], "cannot run `dockertools biuld`", "there is no verb 'biuld'",
                "did you mean build? `dockertools --help` lists all verbs"
            ),
            (
                ["a.toml"], "cannot run `dockertools a.toml`", "it has no verb",
                "put a verb before the spec, as in `dockertools build a.toml`; `dockertools --help` lists all verbs"
            ),
            (
                ["layered"], "cannot run `dockertools layered`", "missing expected argument '<spec>'",
                "correct the arguments; `dockertools layered --help` describes all arguments"
            ),
            (
                ["plan", "a.json", "--jsn"], "cannot run `dockertools plan`", "unknown option '--jsn'",
                "did you mean '--json'? `dockertools plan --help` describes all arguments"
            ),
            (
                ["layered", "a.json", "--compressor", "xz"], "cannot run `dockertools layered`",
                "the value 'xz' is invalid for '--compressor <compressor>'",
                "please provide one of 'none', 'gz' or 'zstd'; `dockertools layered --help` describes all arguments"
            ),
            (
                ["pull", "x", "--retries", "900"], "cannot run `dockertools pull`",
                "--retries takes a number from 0 to 100",
                "correct the arguments; `dockertools pull --help` describes all arguments"
            ),
            (
                ["--frobnicate"], "cannot run `dockertools`", "unknown option '--frobnicate'",
                "correct the arguments; `dockertools --help` describes all arguments"
            ),
        ] as [([String], String, String, String)])
    func usage(arguments: [String], what: String, cause: String, fix: String) throws {
        let outcome = try Dockertools.run(arguments)
        #expect(outcome.status == 64)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors == "error: \(what)\n  why: \(cause)\n  fix: \(fix)\n")
    }

    @Test(
        "A full or closed standard output is an error (74) of every text",
        arguments: [
            ["--help"], ["--version"], [], ["help", "build"], ["build", "--help"], ["schema"], ["shadow-setup"],
            ["--generate-completion-script", "bash"], ["cache"], ["cache", "--json"], ["plan", "a.toml"],
            ["inspect", "a.toml"], ["inspect", "a.toml", "--json"], ["validate", "a.tar"], ["diff", "a.tar", "a.tar"],
            ["stream", "a.toml"], ["layered", "a.toml", "-o", "b.tar"], ["layered", "a.toml", "-o", "-"],
            ["export", "a.tar", "-o", "-"], ["merge", "a.tar", "-o", "-"],
        ])
    func fullOutput(arguments: [String]) throws {
        try directory.write(Array("name = \"a\"\ntag = \"1\"".utf8), to: "a.toml")
        try #require(Dockertools.run(["layered", "a.toml", "-o", "a.tar"], in: directory.path).status == 0)
        for (redirection, reason) in [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")] {
            let outcome = try Program.run(
                ["bash", "-c", "\"$@\" \(redirection)", "bash", Dockertools.path] + arguments,
                environment: ["XDG_CACHE_HOME": directory.path("cache")], in: directory.path)
            #expect(outcome.status == 74)
            #expect(outcome.failure?.what == "cannot write to standard output")
            #expect(outcome.failure?.cause.hasPrefix(reason) == true)
        }
    }

    @Test("A name without a scheme, YAML and ~ are explained where they fail")
    func hints() throws {
        try directory.write(Array("name: app\n".utf8), to: "app.yaml")
        for (arguments, status, hint) in [
            (["inspect", "localhost:5000/app"], 65, "docker://localhost:5000/app"),
            (["export", "redis:7"], 65, "docker://redis:7"), (["layered", "app.yaml"], 64, "yq -o json"),
            (["inspect", "app.yaml"], 64, "yq -o json"), (["layered", "--spec", "app.yaml"], 65, "yq -o json"),
            (["inspect", "~/app.tar"], 65, "the shell did not expand ~ in ~/app.tar: write $HOME/app.tar"),
            (["layered", "~/app.toml"], 65, "write $HOME/app.toml"), (["inspect", "oci:~/app"], 65, "write $HOME/app"),
        ] as [([String], Int32, String)] {
            let outcome = try Dockertools.run(arguments, in: directory.path)
            #expect(outcome.status == status, "\(arguments)")
            #expect(outcome.failure?.fix.contains(hint) == true, "\(outcome.errors)")
        }
        let spec = try Dockertools.run(["stream", "-"], input: Array("# app\nname: app\n".utf8))
        #expect(spec.failure?.fix.contains("yq -o json") == true)
    }

    @Test("--set and --as of an image that is no spec are bad usage where images are only read")
    func settingsOfImages() throws {
        try directory.write(Array("name = \"a\"".utf8), to: "a.toml")
        try #require(Dockertools.run(["layered", "a.toml", "-o", "a.tar"], in: directory.path).status == 0)
        for arguments in [
            ["inspect", "a.tar", "--set", "config.User=x"], ["export", "a.tar", "--set", "tag=x"],
            ["plan", "a.tar", "--set", "tag=x"], ["inspect", "a.tar", "--as", "build"],
            ["push", "a.tar", "127.0.0.1:1/a", "--set", "tag=x"], ["pull", "a", "--set", "tag=x"],
        ] {
            let outcome = try Dockertools.run(arguments, in: directory.path)
            #expect(outcome.status == 64, "\(arguments): \(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
    }

    @Test("The ending of the output is its form; one that contradicts it is told, or refused")
    func endings() throws {
        try directory.write(Array("name = \"a\"\ntag = \"1\"".utf8), to: "a.toml")
        for (name, start) in [
            ("a.tar.gz", [0x1F, 0x8B]), ("a.tgz", [0x1F, 0x8B]),
            ("a.tar.zst", [0x28, 0xB5]), ("a", [0x1F, 0x8B]),
        ] as [(String, [UInt8])] {
            let outcome = try Dockertools.run(["layered", "a.toml", "-o", name, "--quiet"], in: directory.path)
            #expect(outcome.status == 0)
            #expect(try directory.read(name).prefix(2) == start[...], "\(name)")
        }
        try Program.output([Dockertools.path, "layered", "a.toml", "-o", "a.tar"], in: directory.path)
        #expect(try directory.read("a.tar")[257..<262] == Array("ustar".utf8)[...])
        try Program.output([Dockertools.path, "layered", "a.toml", "-o", "a.oci"], in: directory.path)
        #expect(try !directory.read("a.oci/index.json").isEmpty)
        for arguments in [
            ["merge", "a.tar", "-o", "m.tar.gz"], ["layered", "a.toml", "-o", "docker-archive:m.tar.gz"],
        ] {
            try Program.output([Dockertools.path] + arguments, in: directory.path)
            #expect(try directory.read("m.tar.gz").prefix(2) == [0x1F, 0x8B])
        }
        let other = try Dockertools.run(["layered", "a.toml", "-o", "b.tar", "--compressor", "gz"], in: directory.path)
        #expect(other.errors.hasPrefix("warning: 'b.tar' does not hold what its ending says"))
        for arguments in [
            ["pull", "a", "-o", "p.tar.gz"], ["export", "a.tar", "-o", "r.tar.gz"], ["export", "a.tar", "-o", "r.oci"],
            ["layered", "a.toml", "-o", "a.tar.xz"], ["layered", "a.toml", "-o", "a.squashfs"],
            ["layered", "a.toml", "-o", "docker://a"],
        ] {
            #expect(try Dockertools.run(arguments, in: directory.path).status == 64, "\(arguments)")
        }
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
