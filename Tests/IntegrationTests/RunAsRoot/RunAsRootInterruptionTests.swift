import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Signals during runAsRoot")
struct RunAsRootInterruptionTests {
    private let bench: RunAsRootBench

    init() throws {
        bench = try RunAsRootBench()
    }

    private func start(_ script: String) throws -> RunningProgram {
        let spec = try bench.machine.spec([
            "contents": try bench.makeBusybox(), "closure": NSNull(), "runAsRoot": script,
        ])
        return try RunningProgram(["build", spec, "-o", "out/image.tar", "--accel", "tcg"], on: bench.machine)
    }

    /// The process IDs of QEMU.
    private var machines: [Int32] {
        get throws {
            let wanted = bench.machine.directory.path
            return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter {
                let command = FileManager.default.contents(atPath: "/proc/\($0)/cmdline") ?? Data()
                return command.starts(with: Array("qemu-system-x86_64".utf8))
                    || command.starts(with: Array("/usr/bin/qemu".utf8))
                    ? command.range(of: Data(wanted.utf8)) != nil : false
            }
        }
    }

    @Test(
        "SIGINT and SIGTERM end the program at any moment and leave nothing behind",
        arguments: [SIGINT, SIGTERM], [0, 1, 2])
    func signals(_ signal: Int32, moment: Int) throws {
        let program = try start("echo started; sleep 1000")
        switch moment {
        case 0: #expect(try program.wait { try !bench.machine.leftovers.isEmpty })
        case 1: #expect(try program.wait { try !machines.isEmpty })
        default: #expect(program.wait { program.errors.contains("started\n") })
        }
        program.send(signal)
        let outcome = program.end()
        #expect(outcome.status == (signal == SIGINT ? 130 : 143))
        #expect(outcome.errors.hasSuffix("nothing was left behind\n"))
        #expect(try bench.machine.leftovers == [])
    }

    @Test("QEMU ends with a program that is killed")
    func killedProgram() throws {
        let program = try start("echo started; sleep 1000")
        #expect(program.wait { program.errors.contains("started\n") })
        #expect(try !machines.isEmpty)
        program.send(SIGKILL)
        #expect(program.end().status == SIGKILL)
        // The kernel sends the signal at once; the process is there until it has handled it.
        var waits = 0
        while try !machines.isEmpty, waits < 6000 {
            usleep(10_000)
            waits += 1
        }
        #expect(try machines == [])
    }

    @Test("A killed QEMU is reported")
    func killedMachine() throws {
        let program = try start("echo started; sleep 1000")
        #expect(program.wait { program.errors.contains("started\n") })
        for machine in try machines { kill(machine, SIGKILL) }
        let outcome = program.end()
        #expect(outcome.status == 69)
        #expect(outcome.errors.contains("QEMU was ended by signal 9"))
        #expect(try bench.machine.leftovers == [])
    }
}
