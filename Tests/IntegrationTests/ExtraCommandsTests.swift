import Foundation
import TestSupport
import Testing

@Suite("extraCommands")
struct ExtraCommandsTests {
    private let bench: Workbench
    private var store: NixStore { bench.store }

    init() throws { bench = try Workbench() }

    /// Writes a spec with a script, in TOML, where the script needs no escapes.
    private func spec(_ script: String, contents: [String] = []) throws -> String {
        let list = contents.map { "\"\($0)\"" }.joined(separator: ", ")
        return try bench.write(
            "name = \"extra\"\ncontents = [\(list)]\nextraCommands = '''\n\(script)'''\n", to: "spec.toml")
    }

    /// The members of the customization layer.
    private func members(_ script: String, contents: [String] = []) throws -> [String] {
        let path = try spec(script, contents: contents)
        let outcome = try bench.run(["layered", path, "--json", "-o", bench.directory.path("image.tar.gz")])
        guard outcome.status == 0 else { throw Program.Failed(["layered", path], outcome) }
        return try outcome.decode(BuiltImage.self).members(ofLayer: -1)
    }

    /// The text of a file in the customization layer.
    private func text(_ name: String) throws -> String {
        let script = """
            import json, sys, tarfile
            archive = tarfile.open(sys.argv[1])
            layer = json.load(archive.extractfile("manifest.json"))[0]["Layers"][-1]
            sys.stdout.buffer.write(tarfile.open(fileobj=archive.extractfile(layer)).extractfile(sys.argv[2]).read())
            """
        return String(
            decoding: try Program.python(script, [bench.directory.path("image.tar.gz"), name]), as: UTF8.self)
    }

    @Test("A script makes files, directories and links")
    func make() throws {
        let members = try members(
            """
            mkdir -m 700 -p a/b
            echo -n 12345 > a/b/five
            chmod 2755 a/b/five
            ln -s /nowhere a/link
            ln a/b/five twin
            touch -d 2020-01-01 'a name; $(with) "quotes"'
            mkfifo pipe
            """)
        #expect(
            members == [
                "d 0755 0:0 root:root 1 0 a", "d 0700 0:0 root:root 1 0 a/b", "- 2755 0:0 root:root 1 5 a/b/five",
                "l 0777 0:0 root:root 1 0 a/link -> /nowhere",
                "- 0644 0:0 root:root 1 0 a name; $(with) \"quotes\"", "? 0644 0:0 root:root 1 0 pipe",
                "h 2755 0:0 root:root 1 0 twin -> a/b/five",
            ])
    }

    @Test("A script may contain quotes and parentheses")
    func quotes() throws {
        _ = try members(#"echo "(it's)" '$(x)' \"two\" `echo three` $((2 + 2)) > out; (cd /; echo ")" ) >> out"#)
        #expect(try text("out") == "(it's) $(x) \"two\" three 4\n)\n")
    }

    @Test("A script gets a minimal environment, the layer's directory, no input and umask 022")
    func environment() throws {
        let path = try spec("env > variables; pwd >> where; umask > mask; cat > input; id -u > id; ls -A / > /dev/null")
        let outcome = try bench.run(
            ["layered", path, "-o", bench.directory.path("image.tar.gz")],
            environment: ["SECRET": "x", "LD_PRELOAD": "", "BASH_ENV": "/nowhere", "PATH": "/usr/sbin:/usr/bin:/bin"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let variables = try text("variables").split(separator: "\n").map { $0.split(separator: "=", maxSplits: 1)[0] }
        // bash itself sets the last three.
        #expect(
            Set(variables) == [
                "HOME", "LC_ALL", "PATH", "SOURCE_DATE_EPOCH", "TMPDIR", "TZ", "PWD", "SHLVL", "_",
            ])
        let values = try text("variables").split(separator: "\n")
        for value in ["HOME=/homeless-shelter", "LC_ALL=C", "TZ=UTC", "SOURCE_DATE_EPOCH=1"] {
            #expect(values.contains(Substring(value)))
        }
        #expect(try text("mask") == "0022\n")
        #expect(try text("input") == "")
        #expect(try text("where").hasSuffix("/layer\n"))
    }

    @Test("A script sees the links of contents, and changes copies of directories' files but not the store")
    func seeContents() throws {
        try bench.write("old\n", to: "plain/etc/file")
        try bench.write("gone\n", to: "plain/etc/gone")
        let members = try members(
            """
            readlink bin/hello > etc/target
            echo new >> etc/file
            rm etc/gone bin/hi
            chmod 700 share
            """, contents: ["plain", store["hello"]])
        #expect(try text("etc/target") == "\(store["hello"])/bin/hello\n")
        #expect(try text("etc/file") == "old\nnew\n")
        #expect(!members.contains { $0.contains("gone") || $0.contains("bin/hi") })
        #expect(members.contains("d 0700 0:0 root:root 1 0 share"))
        #expect(try String(contentsOfFile: bench.directory.path("plain/etc/file"), encoding: .utf8) == "old\n")
        #expect(try String(contentsOfFile: bench.directory.path("plain/etc/gone"), encoding: .utf8) == "gone\n")
    }

    @Test(
        "The first line of a script chooses its interpreter",
        arguments: [
            ("#!/bin/sh\necho \"$0 ${BASH_VERSION:-none}\" | sed 's/.*[/]//' > out\n", "extraCommands none\n"),
            ("#!/usr/bin/env python3\nopen('out', 'w').write('from Python\\n')\n", "from Python\n"),
            // bash runs without -e.
            ("#!/bin/bash\nfalse\necho ${BASH_VERSION:+bash} > out\n", "bash\n"),
        ])
    func interpreters(script: String, output: String) throws {
        _ = try members(script)
        #expect(try text("out") == output)
    }

    @Test("A failing script ends the build with its status and last lines, and leaves nothing behind")
    func failure() throws {
        let path = try spec("for n in {1..30}; do echo line $n; done\necho problem >&2\n(exit 42)\necho never\n")
        let temporary = bench.directory.path("tmp")
        try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
        let outcome = try bench.run(
            ["layered", path, "-o", bench.directory.path("image.tar.gz"), "--quiet"], environment: ["TMPDIR": temporary]
        )
        #expect(outcome.status == 1)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix("error: extraCommands failed\n"))
        #expect(outcome.errors.contains("it ended with status 42; its last lines:\n           line 12\n"))
        #expect(outcome.errors.contains("           line 30\n           problem\n"))
        #expect(!outcome.errors.contains("never"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary) == [])
        #expect(!FileManager.default.fileExists(atPath: bench.directory.path("image.tar.gz")))

        let silent = try bench.run(["stream", spec("exit 3")])
        #expect(silent.status == 1)
        #expect(silent.errors.contains("it ended with status 3; it wrote nothing"))
        let killed = try bench.run(["stream", spec("kill -9 $$")])
        #expect(killed.status == 1)
        #expect(killed.errors.contains("it was ended by signal 9"))
        let unknown = try bench.run(["stream", spec("#!/no/such/interpreter\n")])
        #expect(unknown.status == 1)
        #expect(unknown.errors.contains("cannot run extraCommands"))
    }

    @Test("Output of scripts goes to standard error as they run, unless --quiet is set")
    func scriptOutput() throws {
        let path = try spec("echo to output; echo to error >&2; touch file")
        let outcome = try bench.run(["layered", path, "-o", "image.tar.gz"])
        #expect(outcome.text == "image.tar.gz\n")
        #expect(outcome.errors.hasPrefix("to output\nto error\n"))
        #expect(try bench.run(["layered", path, "-o", "image.tar.gz", "--quiet"]).errors.isEmpty)
    }

    @Test("Processes that a script leaves running do not delay the build")
    func leftRunning() throws {
        // The script sees process IDs of its own namespace, so the process is found by its arguments.
        let seconds = "1000.\(UInt32.random(in: 1...UInt32.max))"
        #expect(try members("sleep \(seconds) & touch file").count == 1)
        #expect(try Program.run(["pgrep", "--full", "--runstates", "DRST", "^sleep \(seconds)"]).status == 1)
    }
}
