import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Signals while root runs in a virtual machine")
struct RootInterruptionTests {
    private let bench: RootRunBench

    init() throws {
        bench = try RootRunBench()
    }

    private func start(_ script: String) throws -> RunningProgram {
        let spec = try bench.machine.spec([
            "contents": try bench.makeBusybox(), "closure": NSNull(), "runAsRoot": script,
        ])
        return try RunningProgram(["build", spec, "-o", "out/image.tar", "--accel", "tcg"], on: bench.machine)
    }

    /// The process numbers of QEMU.
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

    @Test("end it at any moment, and leave nothing", arguments: [SIGINT, SIGTERM], [0, 1, 2])
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

    @Test("that kill QEMU are told")
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
