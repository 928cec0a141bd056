import Errors
import Synchronization
import Testing

@testable import MicroVM

/// With a script in place of QEMU: everything that comes from a guest is validated.
@Suite("A virtual machine")
struct VirtualMachineTests {
    private func failure(_ body: String, _ change: (inout VirtualMachineSettings) -> Void = { _ in }) async throws
        -> ToolError?
    {
        let machine = try FakeMachine(body)
        return await #expect(throws: ToolError.self) { try await machine.run(change) }
    }

    @Test("returns the layer, the status and the script's output line by line")
    func outcome() async throws {
        let machine = try FakeMachine(
            #"hello; printf 'one\ntwo' > "$output"; printf layer > "$result"; tell "exited 0" 5"#)
        let lines = Mutex<[String]>([])
        let outcome = try await machine.run(output: { line in lines.withLock { $0.append(line) } })
        #expect(outcome.status.result == .exited(0))
        #expect(try outcome.layer?.bytes() == Array("layer".utf8))
        #expect(outcome.log == ["one", "two"])
        #expect(lines.withLock { $0 } == ["one", "two"])
    }

    @Test("has the arguments that the settings require")
    func arguments() async throws {
        let machine = try FakeMachine(#"hello; tell "exited 1" 0"#)
        let outcome = try await machine.run { settings in
            settings.processors = 3
            settings.hasNetwork = false
        }
        #expect(outcome.layer == nil)
        let arguments = try machine.arguments
        let pairs = zip(arguments, arguments.dropFirst()).map { "\($0) \($1)" }
        for wanted in ["-M microvm", "-accel tcg", "-cpu max", "-m 512", "-smp 3"] { #expect(pairs.contains(wanted)) }
        #expect(arguments.contains("-nodefaults"))
        #expect(!arguments.contains("-netdev"))
        #expect(pairs.contains { $0.hasPrefix("-append console=ttyS0") && $0.contains("tsc_early_khz=") })
        #expect(arguments.contains { $0.hasSuffix("serial=layer") })
    }

    @Test("that violates the protocol is an error")
    func nonsense() async throws {
        let rubbish = try await failure(#"hello; head -c 100000 /dev/urandom > "$status""#)
        #expect(rubbish?.code == .data)
        #expect(rubbish?.message == "cannot use the virtual machine's result")
        let endless = try await failure(#"hello; for i in {1..1000}; do tell "exited 0" 5; done"#)
        #expect(endless?.code == .data)
        let large = try await failure(#"hello; tell "exited 0" 999999999999"#)
        #expect(large?.code == .data)
        #expect(large?.cause == "the status has a layer of 999999999999 bytes")
        let none = try await failure(#"hello; tell "exited 0" 0"#)
        #expect(none?.cause == "the status has a layer of 0 bytes")
    }

    @Test("that ends without a status is an error with its last lines")
    func silent() async throws {
        let early = try await failure("echo 'no such device' >&2; exit 3")
        #expect(early?.code == .unavailable)
        #expect(early?.cause == "QEMU ended with status 3 before the script ended; its last lines:\n    no such device")
        let killed = try await failure("hello; kill -9 $$")
        #expect(killed?.cause.hasPrefix("QEMU was ended by signal 9") == true)
        let panic = try await failure(
            #"hello; echo '[    1.2] Kernel panic - not syncing: Out of memory: x' > "$console"; exit 0"#)
        #expect(panic?.cause == "its kernel panicked: Out of memory: x")
        #expect(panic?.remedy.description.contains("buildVMMemorySize") == true)
    }

    @Test("that shows no sign of life is killed at the boot timeout")
    func lifeless() async throws {
        let failure = try await failure("sleep 1000") { $0.bootTimeLimit = .seconds(2) }
        #expect(failure?.code == .unavailable)
        #expect(failure?.cause == "the guest did not boot under TCG: it wrote nothing for 2 seconds")
        #expect(failure?.remedy.description.contains("vmBootTimeout") == true)
    }

    @Test("that takes too long is killed with all processes that it started")
    func late() async throws {
        let machine = try FakeMachine("hello; sleep 1000 & sleep 1000")
        let failure = await #expect(throws: ToolError.self) {
            try await machine.run { $0.timeLimit = .milliseconds(500) }
        }
        #expect(failure?.code == .script)
        #expect(
            failure?.cause == "the script took longer than 0 seconds; its last lines:\n    dockertools-guest: hello")
        #expect(failure?.remedy.description.contains("vmTimeout") == true)
    }
}
