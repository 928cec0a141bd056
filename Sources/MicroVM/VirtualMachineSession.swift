import Errors
import Glibc
import GuestProtocol
import Processes
import SystemPackage

/// One run of QEMU.
struct VirtualMachineSession {
    /// How long a guest may take to its first word: under KVM it takes some tenths of a second, under TCG some seconds, on a
    /// busy machine a multiple of that.
    private static let bootTimeout: [Accelerator: Duration] = [.kvm: .seconds(10), .tcg: .seconds(120)]
    /// Lines that a failure repeats.
    private static let lastLines = 20
    /// Lines of status: more than there are.
    private static let statusLines = 32

    let accelerator: Accelerator
    let settings: VirtualMachineSettings
    let programPath: String
    let groups: ProcessGroups

    /// - Returns: the guest's status, and the last lines that the scripts wrote.
    /// - Throws: `GuestSilence` if the guest never spoke; `ToolError` if the machine died, was ended, or talked nonsense.
    func run(
        kernel: GuestKernel, initramfs: FilePath, memory: Int, disks: [QEMU.Disk],
        output: @escaping @Sendable (String) -> Void
    ) async throws -> (GuestStatus, [String]) {
        let watch = GuestWatchdog()
        let console = try ScriptOutput.start(limit: Self.lastLines, output: watch.hear)
        let scripts = try ScriptOutput.start(limit: Self.lastLines, output: output)
        let status = try ScriptOutput.start(limit: Self.statusLines) { _ in }
        let words = try ScriptOutput.start(limit: Self.lastLines) { _ in }
        let qemu = QEMU(
            accelerator: accelerator, kernel: kernel.path, initramfs: initramfs, memory: memory,
            processors: settings.processors, disks: disks, hasNetwork: settings.hasNetwork, console: console.path,
            ports: [(.output, scripts.path), (.status, status.path)])
        let result: ToolResult.Status
        do {
            result = try await run(qemu, watch, words)
        } catch {
            for lines in [console, scripts, status, words] { lines.finish() }
            throw error
        }
        for lines in [console, scripts, status, words] { lines.finish() }
        let last = scripts.last.isEmpty ? words.last + console.last : scripts.last
        try check(watch, result, last: last, hasStatus: !status.last.isEmpty)
        do throws(GuestProtocolFault) {
            return (try GuestStatus(status.last), scripts.last)
        } catch {
            throw error.failure
        }
    }

    private func run(_ qemu: QEMU, _ watch: GuestWatchdog, _ messages: ScriptOutput) async throws -> ToolResult.Status {
        var command = ToolCommand(.qemu, qemu.arguments, programPath: programPath)
        command.output = .lines(messages)
        command.groups = groups
        let timers = [(Self.bootTimeout[accelerator], GuestWatchdog.End.silent), (settings.timeLimit, .late)]
        return try await withThrowingTaskGroup(of: Void.self) { [command] race in
            defer { race.cancelAll() }
            for case (let time?, let reason) in timers {
                race.addTask { await watch.end(after: time, because: reason) }
            }
            let result = try await command.run { watch.started($0) }
            watch.ended()
            return result.status
        }
    }

    /// Says why there is no status, or none that counts.
    private func check(
        _ watch: GuestWatchdog, _ result: ToolResult.Status, last: [String], hasStatus: Bool
    ) throws {
        let what = "cannot run the virtual machine"
        let said = last.suffix(Self.lastLines).map { "\n    \($0)" }.joined()
        let words = said.isEmpty ? "" : "; its last words:\(said)"
        if watch.end == .late {
            let limit = settings.timeLimit.map { $0.components.seconds } ?? 0
            throw ToolError(
                .script, "the script was ended with its virtual machine",
                cause: "it took longer than \(limit) seconds\(words)",
                remedy: "see what it waits for, or give it more time: --vm-timeout SECONDS")
        }
        if watch.end == .silent {
            let patience = Self.bootTimeout[accelerator]?.components.seconds ?? 0
            let way = accelerator == .kvm ? "KVM" : "TCG"
            throw GuestSilence(
                failure: ToolError(
                    .unavailable, what, cause: "the guest said nothing within \(patience) seconds under \(way)",
                    remedy: accelerator == .kvm
                        ? "use --accel tcg, or auto: this host's KVM may not run stock kernels"
                        : "use another kernel: --kernel; `dockertools doctor` tells more"), isForWantOfTime: true)
        }
        if let panic = watch.panic {
            throw ToolError(
                .unavailable, what, cause: "its kernel panicked: \(panic)",
                remedy: "give it more memory (buildVMMemorySize), or another kernel (--kernel)")
        }
        if hasStatus { return }
        let how =
            switch result {
            case .exited(let code): "QEMU ended with status \(code) before the script did\(words)"
            case .signaled(let signal): "QEMU was ended by signal \(signal)\(words)"
            }
        let failure = ToolError(
            .unavailable, what, cause: how,
            remedy: "see whether something on this machine ends processes, or is out of memory; run it again")
        guard watch.hasSaidHello || accelerator == .tcg || result == .signaled(SIGKILL) else {
            throw GuestSilence(failure: failure, isForWantOfTime: false)
        }
        throw failure
    }
}
