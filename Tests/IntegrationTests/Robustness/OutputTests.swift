import Foundation
import TestSupport
import Testing

/// Tests with full disks, closed pipes and read-only directories.
@Suite("Outputs that fail")
struct OutputTests {
    private let machine: TestMachine
    private let path: String

    init() throws {
        machine = try TestMachine()
        path = try machine.store("a", "one", ["file": [UInt8](repeating: 3, count: 4 << 20), "small": [1]])
        try machine.graph([(path, [])])
        try machine.spec(["contents": [path], "closure": "graph.json"])
    }

    @Test("A full disk has status 74, and nothing is left", arguments: ["none", "gz", "zstd"])
    func fullDisk(_ compressor: String) throws {
        var generator = SeededGenerator(seed: 1)
        try machine.write(generator.bytes(4 << 20), to: "root\(path)/file")
        let outcome = try machine.onSmallDisk(
            "out", "$DOCKERTOOLS layered spec.json -o out/image.tar --quiet --compressor \(compressor)")
        #expect(outcome.status == 74)
        #expect(outcome.failure?.what == "cannot write to out/image.tar")
        #expect(outcome.failure?.cause == "No space left on device (errno 28)")
        #expect(outcome.failure?.fix == "free some space, or write to another disk")
        #expect(outcome.output.isEmpty)
        #expect(try machine.leftovers == [])
        #expect(try machine.layered().status == 0)
    }

    @Test("A full disk for work files has status 74, and nothing is left")
    func fullWorkDisk() throws {
        try machine.write([UInt8](repeating: 1, count: 4 << 20), to: "plain/large")
        try machine.spec(["contents": ["plain"], "extraCommands": "true"])
        let outcome = try machine.onSmallDisk("tmp", "$DOCKERTOOLS layered spec.json -o out/image.tar --quiet")
        #expect(outcome.status == 74)
        #expect(outcome.failure?.what.hasPrefix("cannot make \(machine.path("tmp"))/dockertools-") == true)
        #expect(outcome.failure?.what.hasSuffix("/layer/large") == true)
        #expect(outcome.failure?.cause == "No space left on device (errno 28)")
        #expect(outcome.output.isEmpty)
        #expect(try machine.leftovers == [])
        #expect(try machine.layered().status == 0)
    }

    @Test("A script that fills the disk fails with its own message, and nothing is left")
    func fullWorkDiskOfScript() throws {
        try machine.spec(["extraCommands": "dd if=/dev/zero of=large bs=1M count=4 status=none"])
        let outcome = try machine.onSmallDisk("tmp", "$DOCKERTOOLS layered spec.json -o out/image.tar --quiet")
        #expect(outcome.status == 1)
        #expect(outcome.failure?.what == "extraCommands failed")
        #expect(outcome.failure?.cause.contains("it ended with status 1; its last lines:") == true)
        #expect(outcome.failure?.cause.contains("No space left on device") == true)
        #expect(outcome.output.isEmpty)
        #expect(try machine.leftovers == [])
    }

    @Test("A read-only disk and a directory of another user have status 74")
    func readOnly() throws {
        let disk = try machine.shell(
            """
            unshare --mount bash -c 'mount -t tmpfs -o ro none out || exit 99
            $DOCKERTOOLS layered spec.json -o out/image.tar --quiet'
            """)
        #expect(disk.status == 74)
        #expect(disk.failure?.what == "cannot write \(machine.path("out/image.tar"))")
        #expect(disk.failure?.cause == "Read-only file system (errno 30)")
        #expect(disk.failure?.fix == "choose a directory that can be written to")

        let directory = try asNobody("$DOCKERTOOLS layered spec.json -o out/image.tar --quiet")
        #expect(directory.status == 74)
        #expect(directory.failure?.what == "cannot write \(machine.path("out/image.tar"))")
        #expect(directory.failure?.cause == "Permission denied (errno 13)")
        #expect(try machine.leftovers == [])
    }

    /// Runs a script as a user who may write only to TMPDIR.
    private func asNobody(_ script: String) throws -> Program.Outcome {
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: machine.path("tmp"))
        return try machine.shell(
            // The user may not be able to read the directory of the program; a copy is readable.
            """
            cp "$DOCKERTOOLS" program && export DOCKERTOOLS=./program &&
            setpriv --reuid=65534 --regid=65534 --clear-groups bash -c '\(script)'; status=$?; rm program; exit $status
            """)
    }

    @Test("An unreadable file, directory or spec is named, with status 74")
    func unreadable() throws {
        let command = "$DOCKERTOOLS stream spec.json --quiet >/dev/null"
        func expect(_ unreadable: String, _ what: String) throws {
            _ = try machine.shell("chmod 0 \(unreadable)")
            let outcome = try asNobody(command)
            _ = try machine.shell("chmod 755 \(unreadable)")
            #expect(outcome.status == 74)
            #expect(outcome.failure?.what == what)
            #expect(outcome.failure?.cause == "Permission denied (errno 13)")
            #expect(outcome.failure?.fix == "check the permissions, or run as a user that has them")
        }
        try expect("root\(path)/small", "cannot open \(machine.path("root\(path)/small"))")
        try expect("root\(path)", "cannot open the directory \(machine.path("root\(path)"))")
        try expect("root/nix/store", "cannot read '\(path)', which contents names in the spec 'spec.json'")
        try expect("graph.json", "cannot read the graph file '\(machine.path("graph.json"))'")
        try expect("spec.json", "cannot read the spec 'spec.json'")
        #expect(try asNobody(command).status == 0)
        #expect(try machine.leftovers == [])
    }

    @Test("A closed standard output has status 74", arguments: ["stream spec.json", "plan spec.json"])
    func closedOutput(_ command: String) throws {
        let outcome = try machine.shell("$DOCKERTOOLS \(command) --quiet >&-")
        #expect(outcome.status == 74)
        #expect(outcome.failure?.what == "cannot write to standard output")
        #expect(outcome.failure?.cause == "Bad file descriptor (errno 9)")
        #expect(try machine.leftovers == [])
    }

    @Test("The output is right without any open standard stream")
    func closedStreams() throws {
        let expected = try machine.run(["stream", "spec.json"]).output
        let outcome = try machine.shell("$DOCKERTOOLS layered spec.json -o out/image.tar --quiet <&- >&- 2>&-")
        #expect(outcome.status == 74)
        #expect(try machine.directory.read("out/image.tar") == expected)
    }

    @Test("A reader that ends early gives status 74 and a message, not a signal")
    func readerGone() throws {
        let outcome = try machine.shell(
            "$DOCKERTOOLS stream spec.json --quiet | head -c 100 > /dev/null; exit ${PIPESTATUS[0]}")
        #expect(outcome.status == 74)
        #expect(outcome.failure?.what == "cannot write to standard output")
        #expect(outcome.failure?.cause == "the reading end was closed before the end of the image")
        #expect(try machine.leftovers == [])
    }

    @Test("A full device as standard output has status 74", arguments: ["stream", "plan"])
    func fullDevice(_ verb: String) throws {
        let outcome = try machine.shell("$DOCKERTOOLS \(verb) spec.json --quiet > /dev/full")
        #expect(outcome.status == 74)
        #expect(outcome.failure?.what == "cannot write to standard output")
        #expect(outcome.failure?.cause == "No space left on device (errno 28)")
    }

    @Test("A file as standard output gets the bytes of a pipe, appended to its contents")
    func redirected() throws {
        let piped = try machine.shell("$DOCKERTOOLS stream spec.json --quiet | cat").output
        #expect(piped.count > 4 << 20)
        for script in [
            "$DOCKERTOOLS stream spec.json --quiet > file; cat file",
            "{ printf before; $DOCKERTOOLS stream spec.json --quiet; } > file; tail -c +7 file",
            "printf before > file; $DOCKERTOOLS stream spec.json --quiet >> file; tail -c +7 file",
            "printf before > file; $DOCKERTOOLS layered spec.json -o - --quiet >> file; tail -c +7 file",
        ] {
            let outcome = try machine.shell("rm -rf cache/*; \(script)")
            #expect(outcome.errors == "")
            #expect(outcome.output == piped)
        }
    }
}
