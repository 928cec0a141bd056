import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Fake root commands that fail")
struct FakeRootFailureTests {
    private let machine: TestMachine

    init() throws { machine = try TestMachine() }

    /// A directory that this user cannot remove.
    private static let foreign = "mkdir -p d/e; touch d/e/f; chown -R 1000:1000 d; chmod 700 d; "

    /// What is left, fakeroot's message queues too.
    private var leftovers: [String] {
        get throws {
            let queues = try machine.shell("ipcs -q | awk '$3 == \"\(machine.callerNumber)\"'").text
            return try machine.leftovers + queues.split(separator: "\n").map(String.init)
        }
    }

    @Test(
        "end with 1, their status and their last lines, and leave nothing behind",
        arguments: Caller.believed + [.namespace])
    func failure(_ caller: Caller) throws {
        try machine.spec(["fakeRootCommands": "\(Self.foreign)echo last >&2; exit 42"])
        let outcome = try machine.layered(as: caller)
        #expect(outcome.status == 1)
        #expect(outcome.failure?.what == "fakeRootCommands failed")
        #expect(outcome.failure?.cause == "it ended with status 42; its last lines:\n           last")
        #expect(outcome.failure?.fix == "correct fakeRootCommands in the spec")
        #expect(try leftovers == [])
    }

    @Test("leave no directory of another owner when they succeed", arguments: Caller.believed + [.namespace])
    func success(_ caller: Caller) throws {
        try machine.spec(["fakeRootCommands": "\(Self.foreign)sleep 1000 & setsid sleep 1000 & echo done"])
        #expect(try machine.layered(as: caller).status == 0)
        #expect(try leftovers == ["out/image.tar"])
    }

    @Test(
        "are ended by signals with all that they started, and leave nothing behind",
        arguments: Caller.believed + [.namespace], [SIGINT, SIGTERM])
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

    @Test("end with 69 and the packages' names if no method is available")
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

    @Test("end with 1 where their first line names no interpreter")
    func interpreter() throws {
        try machine.spec(["fakeRootCommands": "#!/no/such/interpreter\ntrue"])
        let outcome = try machine.layered(as: .root)
        #expect(outcome.status == 1)
        #expect(outcome.failure?.cause.contains("/no/such/interpreter") == true)
    }
}
