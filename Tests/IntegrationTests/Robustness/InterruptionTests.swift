import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Signals")
struct InterruptionTests {
    private let machine: TestMachine

    init() throws {
        machine = try TestMachine()
    }

    /// Writes a spec with one store path that contains a sparse file of `size` bytes.
    private func sparse(_ size: UInt64, _ members: [String: Any] = [:]) throws {
        let path = try machine.store("a", "sparse", ["small": [1]])
        try machine.write("", to: "root\(path)/large")
        try #require(truncate(machine.path("root\(path)/large"), Int(size)) == 0)
        try machine.graph([(path, [])])
        try machine.spec(["contents": [path], "closure": "graph.json"].merging(members) { $1 })
    }

    private static let signals = [
        (SIGINT, Int32(130), "error: interrupted, nothing was left behind\n"),
        (SIGTERM, Int32(143), "error: terminated, nothing was left behind\n"),
    ]

    private func expectEnd(_ outcome: Program.Outcome, _ status: Int32, _ message: String) throws {
        #expect(outcome.status == status)
        #expect(outcome.errors.hasSuffix(message))
        #expect(try machine.leftovers == [])
    }

    @Test("A signal ends a stream in the middle of a layer", arguments: signals)
    func stream(_ signal: Int32, _ status: Int32, _ message: String) throws {
        try sparse(64 << 20)
        let program = try RunningProgram(["stream", "spec.json"], on: machine)
        #expect(program.read(1 << 20).count >= 1 << 20)
        program.send(signal)
        try expectEnd(program.end(), status, message)
        #expect(try machine.run(["stream", "spec.json"]).status == 0)
    }

    @Test("A signal keeps its status if the reader of the stream ends at the same time")
    func readerGone() throws {
        try sparse(64 << 20)
        for _ in 0..<10 {
            let program = try RunningProgram(["stream", "spec.json", "--quiet"], on: machine)
            program.read(1)
            // Ctrl-C signals every process of a pipeline.
            program.send(SIGINT)
            program.closeOutput()
            let outcome = program.end()
            #expect(outcome.status == 130)
            #expect(outcome.errors == "error: interrupted, nothing was left behind\n")
        }
    }

    /// The name of the partial output, if it has bytes.
    private var partial: String? {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: machine.path("out")).first { name in
                let size = try FileManager.default.attributesOfItem(atPath: machine.path("out/\(name)"))[.size]
                return name.hasSuffix(".partial") && (size as? UInt64 ?? 0) > 0
            }
        }
    }

    @Test("A signal ends the writing of a file in the middle of a layer", arguments: signals)
    func file(_ signal: Int32, _ status: Int32, _ message: String) throws {
        // Large enough to take longer than the signal, and small when compressed.
        try sparse(64 << 30)
        let program = try RunningProgram(
            ["layered", "spec.json", "-o", "out/image.tar.gz", "--compressor", "gz"], on: machine)
        #expect(try program.wait { try partial != nil })
        program.send(signal)
        try expectEnd(program.end(), status, message)
    }

    @Test("SIGKILL leaves at most a hidden file, which the next run replaces")
    func killed() throws {
        try sparse(64 << 30)
        let arguments = ["layered", "spec.json", "-o", "out/image.tar.gz", "--compressor", "gz"]
        let program = try RunningProgram(arguments, on: machine)
        #expect(try program.wait { try partial != nil })
        program.send(SIGKILL)
        #expect(program.end().status == SIGKILL)
        #expect(try machine.leftovers.count == 1)
        #expect(try machine.leftovers[0].hasPrefix("out/."))
        try sparse(1 << 20)
        #expect(try machine.run(arguments).status == 0)
        #expect(try machine.leftovers == ["out/image.tar.gz"])
    }

    @Test("A signal leaves the output of an earlier run unchanged")
    func earlierOutput() throws {
        try sparse(1 << 20)
        let arguments = ["layered", "spec.json", "-o", "out/image.tar.gz", "--compressor", "gz"]
        #expect(try machine.run(arguments).status == 0)
        let before = try machine.directory.read("out/image.tar.gz")
        try sparse(64 << 30)
        let program = try RunningProgram(arguments, on: machine)
        #expect(try program.wait { try partial != nil })
        program.send(SIGTERM)
        #expect(program.end().status == 143)
        #expect(try machine.leftovers == ["out/image.tar.gz"])
        #expect(try machine.directory.read("out/image.tar.gz") == before)
    }

    @Test("A signal ends a script with its child processes", arguments: signals)
    func script(_ signal: Int32, _ status: Int32, _ message: String) throws {
        try machine.spec([
            "extraCommands": "sleep 1000 & (sleep 1000; true) & echo ready; chmod 0 .; sleep 1000"
        ])
        let program = try RunningProgram(["layered", "spec.json", "-o", "out/image.tar"], on: machine)
        #expect(program.wait { program.errors.contains("ready\n") })
        #expect(try program.wait { try machine.processes.filter { $0.hasPrefix("process sleep 1000") }.count == 3 })
        program.send(signal)
        try expectEnd(program.end(), status, message)
    }

    @Test("A script that ends leaves none of its processes behind", arguments: ["sleep 1000 &", "setsid sleep 1000 &"])
    func background(_ command: String) throws {
        for (end, status) in [("exit 0", Int32(0)), ("exit 7", 1)] {
            try machine.spec(["extraCommands": "\(command) echo ready; touch made; \(end)"])
            let program = try RunningProgram(["layered", "spec.json", "-o", "out/image.tar"], on: machine)
            let outcome = program.end()
            #expect(outcome.status == status)
            #expect(outcome.errors.hasPrefix("ready\n"))
            #expect(try machine.leftovers == (status == 0 ? ["out/image.tar"] : []))
            _ = try machine.shell("rm -f out/*")
        }
    }

    @Test("A script's signal, status and last lines are reported")
    func scriptFailures() throws {
        for (script, message) in [
            ("exit 3", "it ended with status 3; it wrote nothing"),
            (
                "echo one; echo two >&2; false",
                "it ended with status 1; its last lines:\n           one\n           two"
            ),
            ("kill -9 $$", "it was ended by signal 9; it wrote nothing"),
            ("printf 'no end'; exit 4", "it ended with status 4; its last lines:\n           no end"),
            ("#!/bin/sh\nexit 5", "it ended with status 5; it wrote nothing"),
            ("mkdir a; chmod 0 a .; exit 6", "it ended with status 6; it wrote nothing"),
        ] {
            try machine.spec(["extraCommands": script])
            let outcome = try machine.layered()
            #expect(outcome.status == 1)
            #expect(outcome.failure?.what == "extraCommands failed")
            #expect(outcome.failure?.cause == message)
            #expect(outcome.failure?.fix == "correct extraCommands in the spec")
            #expect(try machine.leftovers == [])
        }
    }

    @Test("A missing bash has status 69, another missing interpreter status 1")
    func missingInterpreter() throws {
        try machine.spec(["extraCommands": "true"])
        let bash = try machine.layered(environment: ["PATH": "/nowhere"])
        #expect(bash.status == 69)
        try machine.spec(["extraCommands": "#!/nowhere/sh\ntrue"])
        let own = try machine.layered()
        #expect(own.status == 1)
        #expect(own.failure?.what == "cannot run extraCommands")
        #expect(own.failure?.fix == "check the script's first line")
        #expect(try machine.leftovers == [])
    }

    @Test("A relative TMPDIR and an empty one work for scripts", arguments: ["tmp", "./tmp/../tmp"])
    func relativeWorkDirectory(_ directory: String) throws {
        try machine.spec(["extraCommands": "pwd > $TMPDIR/file; cat $TMPDIR/file; touch made"])
        let outcome = try machine.run(
            ["layered", "spec.json", "-o", "out/image.tar"], environment: ["TMPDIR": directory])
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("/layer\n"))
        #expect(try machine.leftovers == ["out/image.tar"])
    }

    @Test("A work directory that cannot be made has status 74 and a remedy")
    func missingWorkDirectory() throws {
        try machine.spec(["extraCommands": "true"])
        let outcome = try machine.layered(environment: ["TMPDIR": machine.path("gone")])
        #expect(outcome.status == 74)
        #expect(outcome.failure?.what == "cannot create a work directory in \(machine.path("gone"))")
        #expect(outcome.failure?.cause == "No such file or directory (errno 2)")
        #expect(outcome.failure?.fix == "set TMPDIR to a writable directory")
        #expect(try machine.leftovers == [])
    }

    @Test("Directories deeper than the limit of descriptors are packed or refused, and then removed")
    func deepDirectories() throws {
        try machine.spec([
            "extraCommands": "python3 -c 'import os\nfor i in range(300): os.mkdir(\"a\"); os.chdir(\"a\")'"
        ])
        let outcome = try machine.shell("ulimit -n 200; $DOCKERTOOLS layered spec.json -o out/image.tar --quiet")
        #expect(outcome.status == 74)
        #expect(outcome.failure?.cause == "Too many open files (errno 24)")
        #expect(try machine.leftovers == [])
        #expect(try machine.layered().status == 0)
        #expect(try machine.leftovers == ["out/image.tar"])
    }
}
