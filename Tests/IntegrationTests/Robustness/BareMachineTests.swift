import Foundation
import TestSupport
import Testing

@Suite("Bare machines", .serialized)
struct BareMachineTests {
    private let machine: TestMachine

    init() throws {
        machine = try TestMachine()
        let lib = try machine.store("b", "lib", ["lib": Array("library".utf8)])
        let app = try machine.store("a", "app", ["bin/app": Array(lib.utf8)])
        try machine.write("text", to: "plain/etc/conf")
        try machine.spec(["contents": [app, "plain"], "compressor": "gz"])
        try machine.spec(["contents": ["plain"], "extraCommands": "echo made > made"], to: "script.json")
    }

    /// The verbs to try, with their arguments.
    private static let commands = [
        "layered spec.json -o out/image --quiet", "build spec.json -o out/image --quiet",
        "layered script.json -o out/image --quiet",
        "pull 127.0.0.1:1/none:1 --retries 0 -o out/image --quiet", "inspect reference", "validate reference",
    ]

    /// The images of the commands that write one, on a machine that has everything.
    private func references() throws -> [String: [UInt8]] {
        _ = try machine.run(["layered", "spec.json", "-o", "reference"])
        var images: [String: [UInt8]] = [:]
        for command in Self.commands.prefix(3) {
            let outcome = try machine.shell("$DOCKERTOOLS \(command)")
            #expect(outcome.status == 0, "\(outcome.errors)")
            images[command] = try machine.directory.read("out/image")
            try machine.remove("out/image")
        }
        return images
    }

    /// Checks that a command either did what it does elsewhere, or ended with an error of its own and left nothing.
    private func check(_ command: String, _ outcome: Program.Outcome, _ references: [String: [UInt8]]) throws {
        guard outcome.status == 0 else {
            #expect([69, 74].contains(outcome.status), "\(command): \(outcome)")
            #expect(outcome.failure != nil, "\(command): \(outcome)")
            #expect(try machine.leftovers == [])
            return
        }
        guard let reference = references[command] else { return }
        #expect(try machine.directory.read("out/image") == reference, "\(command)")
        try machine.remove("out/image")
    }

    @Test("Without /proc every command ends with an error", arguments: Self.commands)
    func withoutProc(_ command: String) throws {
        let outcome = try machine.shell(
            "exec unshare --mount bash -c 'umount -l /proc || exit 99; exec $DOCKERTOOLS \(command)'")
        #expect(outcome.status == 69, "\(outcome)")
        #expect(outcome.failure?.cause == "/proc is not mounted", "\(outcome)")
        #expect(try machine.leftovers == [])
    }

    @Test(
        "With few file descriptors every command works, or ends with an error",
        arguments: [6, 8, 11, 14, 18, 20, 22, 24, 28, 32, 48, 64])
    func fewDescriptors(_ limit: Int) throws {
        let references = try references()
        for command in Self.commands {
            let outcome = try machine.shell("ulimit -n \(limit); exec $DOCKERTOOLS \(command) < /dev/null")
            try check(command, outcome, references)
            if limit == 64, !command.hasPrefix("pull") { #expect(outcome.status == 0, "\(outcome)") }
        }
    }

    @Test(
        "With few threads every command works, or ends with an error",
        arguments: [1, 2, 3, 6, 10, 12, 14, 18, 20, 24, 64]
    )
    func fewThreads(_ limit: Int) throws {
        // The modes of the contents are part of the images.
        try Program.output([
            "bash", "-c", "chmod -R a+rwX \"$0\"; cp \"$1\" \"$0/program\"", machine.directory.path, Dockertools.path,
        ])
        let references = try references()
        // A user that has no other processes: the limit counts them all.
        let user = "setpriv --reuid 54321 --regid 54321 --clear-groups prlimit --nproc=\(limit)"
        for command in Self.commands {
            let outcome = try machine.shell("timeout --kill-after=5 120 \(user) ./program \(command)")
            try check(command, outcome, references)
        }
    }

    @Test("A home directory that does not exist is not made", arguments: ["", "XDG_CACHE_HOME=$PWD/homeless/.cache"])
    func homeIsNotMade(_ variable: String) throws {
        for command in Self.commands.prefix(3) {
            let outcome = try machine.shell(
                "unset XDG_CACHE_HOME; HOME=$PWD/homeless \(variable) exec $DOCKERTOOLS \(command)")
            #expect(outcome.status == 0)
            #expect(outcome.errors.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: machine.path("homeless")))
        }
    }
}
