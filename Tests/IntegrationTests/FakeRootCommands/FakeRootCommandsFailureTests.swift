import Foundation
import Glibc
import TestSupport
import Testing

@Suite("fakeRootCommands that fail")
struct FakeRootCommandsFailureTests {
    private let machine: TestMachine

    init() throws { machine = try TestMachine() }

    /// A script that makes a directory that this user cannot remove.
    private static let foreign = "mkdir -p d/e; touch d/e/f; chown -R 1000:1000 d; chmod 700 d; "

    /// The leftovers of a run, with fakeroot's message queues.
    private var leftovers: [String] {
        get throws {
            let queues = try machine.shell("ipcs -q | awk '$3 == \"\(machine.callerID)\"'").text
            return try machine.leftovers + queues.split(separator: "\n").map(String.init)
        }
    }

    @Test(
        "A failed script is reported with its status and last lines, and leaves nothing behind",
        arguments: Caller.emulatingRoot + [.namespace])
    func failure(_ caller: Caller) throws {
        try machine.spec(["fakeRootCommands": "\(Self.foreign)echo last >&2; exit 42"])
        let outcome = try machine.layered(as: caller)
        #expect(outcome.status == 1)
        #expect(outcome.failure?.what == "fakeRootCommands failed")
        #expect(outcome.failure?.cause == "it ended with status 42; its last lines:\n           last")
        #expect(outcome.failure?.fix == "correct fakeRootCommands in the spec")
        #expect(try leftovers == [])
    }

    @Test(
        "A successful script leaves no directory of another owner behind",
        arguments: Caller.emulatingRoot + [.namespace])
    func success(_ caller: Caller) throws {
        try machine.spec(["fakeRootCommands": "\(Self.foreign)sleep 1000 & setsid sleep 1000 & echo done"])
        #expect(try machine.layered(as: caller).status == 0)
        #expect(try leftovers == ["out/image.tar"])
    }

    @Test(
        "Signals end the script with its child processes, and leave nothing behind",
        arguments: Caller.emulatingRoot + [.namespace], [SIGINT, SIGTERM])
    func signals(_ caller: Caller, _ signal: Int32) throws {
        try machine.spec(["fakeRootCommands": "\(Self.foreign)sleep 1000 & setsid sleep 1000 & echo ready; sleep 1000"])
        let program = try RunningProgram(
            ["layered", "spec.json", "-o", "out/image.tar"], on: machine, as: caller.command(on: machine))
        #expect(program.wait { program.errors.contains("ready\n") })
        program.send(signal)
        let outcome = program.end()
        #expect(outcome.status == (signal == SIGINT ? 130 : 143))
        #expect(outcome.errors.hasSuffix("nothing was left behind\n"))
        #expect(try leftovers == [])
    }

    @Test("No output of a script follows the error of a signal", arguments: [SIGINT, SIGTERM])
    func lastWords(_ signal: Int32) throws {
        try machine.spec(["fakeRootCommands": "echo ready; while :; do echo more; done"])
        let program = try RunningProgram(
            ["layered", "spec.json", "-o", "out/image.tar"], on: machine, as: Caller.root.command(on: machine))
        #expect(program.wait { program.errors.contains("ready\n") })
        program.send(signal)
        #expect(
            program.end().errors.hasSuffix(
                "\nerror: \(signal == SIGINT ? "interrupted" : "terminated"), nothing was left behind\n"))
    }

    @Test("Without any method of emulation the status is 69, and the error names the packages")
    func nothing() throws {
        try machine.spec(["fakeRootCommands": "true"])
        let outcome = try machine.layered(as: .nobody)
        #expect(outcome.status == 69)
        #expect(outcome.failure?.what == "cannot run fakeRootCommands")
        #expect(
            outcome.failure?.cause == """
                not running as root, and neither a user namespace nor fakeroot is available:
                       user namespace: unshare: failed to execute newuidmap: No such file or directory
                       fakeroot: the program fakeroot is not in PATH
                """)
        #expect(outcome.failure?.fix.hasSuffix("apt-get install uidmap fakeroot") == true)
        #expect(try leftovers == [])
    }

    @Test("A first line without an interpreter is an error with status 1")
    func interpreter() throws {
        try machine.spec(["fakeRootCommands": "#!/no/such/interpreter\ntrue"])
        let outcome = try machine.layered(as: .root)
        #expect(outcome.status == 1)
        #expect(outcome.failure?.cause.contains("/no/such/interpreter") == true)
    }
}
