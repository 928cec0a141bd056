import Errors
import Glibc
import GuestProtocol
import Processes
import SystemPackage

/// One run of QEMU.
struct VirtualMachineSession {
    /// The number of output lines that an error repeats.
    private static let lastLines = 20
    /// The number of status lines to keep, more than a valid status has.
    private static let statusLines = 32

    let accelerator: Accelerator
    let settings: VirtualMachineSettings
    let programPath: String
    let groups: ProcessGroups

    /// The readers of all that QEMU and the guest write.
    private struct Streams {
        let console: ScriptOutput
        let scripts: ScriptOutput
        let status: ScriptOutput
        /// The standard output and standard error of QEMU itself.
        let messages: ScriptOutput

        func finish() {
            for stream in [console, scripts, status, messages] { stream.finish() }
        }
    }

    /// Boots the guest and runs the scripts to their end.
    ///
    /// - Parameters:
    ///   - memory: the memory in MiB.
    ///   - output: receives each line that the scripts write.
    /// - Returns: the guest's status, and the last lines of the scripts' output.
    /// - Throws: `GuestBootError` if the guest did not boot; `ToolError` if the virtual machine failed, was killed, or
    ///   violated the protocol.
    func run(
        kernel: GuestKernel, initramfs: FilePath, memory: Int, disks: [QEMU.Disk],
        output: @escaping @Sendable (String) -> Void
    ) async throws -> (GuestStatus, [String]) {
        let watchdog = GuestWatchdog()
        let streams = Streams(
            console: try ScriptOutput.start(limit: Self.lastLines, output: watchdog.read),
            scripts: try ScriptOutput.start(limit: Self.lastLines, output: output),
            status: try ScriptOutput.start(limit: Self.statusLines) { _ in },
            messages: try ScriptOutput.start(limit: Self.lastLines) { _ in })
        let result: ToolResult.Status
        do {
            let qemu = QEMU(
                accelerator: accelerator, kernel: kernel.path, initramfs: initramfs, memory: memory,
                processors: settings.processors, disks: disks, hasNetwork: settings.hasNetwork,
                console: try streams.console.path,
                ports: [(.output, try streams.scripts.path), (.status, try streams.status.path)])
            result = try await run(qemu, watchdog, streams.messages)
        } catch {
            streams.finish()
            throw error
        }
        streams.finish()
        let scriptLines = streams.scripts.last
        let last = scriptLines.isEmpty ? streams.messages.last + streams.console.last : scriptLines
        try check(watchdog, result, last: last, hasStatus: !streams.status.last.isEmpty)
        do throws(GuestProtocolError) {
            return (try GuestStatus(streams.status.last), scriptLines)
        } catch {
            throw error.toolError
        }
    }

    private func run(
        _ qemu: QEMU, _ watchdog: GuestWatchdog, _ messages: ScriptOutput
    ) async throws -> ToolResult.Status {
        var command = ToolCommand(.qemu, qemu.arguments, programPath: programPath)
        command.output = .lines(messages)
        command.groups = groups
        command.diesWithParent = true
        return try await withThrowingTaskGroup(of: Void.self) { [command, bootTimeouts] race in
            defer { race.cancelAll() }
            race.addTask { await watchdog.killUnlessBooted(bootTimeouts) }
            if let limit = settings.timeLimit { race.addTask { await watchdog.kill(after: limit) } }
            let result = try await command.run { watchdog.started($0) }
            watchdog.ended()
            return result.status
        }
    }

    /// Checks that the virtual machine ended by itself.
    ///
    /// - Throws: `GuestBootError` or `ToolError` with the reason if it did not.
    private func check(
        _ watchdog: GuestWatchdog, _ result: ToolResult.Status, last: [String], hasStatus: Bool
    ) throws {
        let message = "cannot run the virtual machine"
        let output = last.suffix(Self.lastLines).map { "\n    \($0)" }.joined()
        let lines = output.isEmpty ? "" : "; its last lines:\(output)"
        switch watchdog.expired {
        case .run: throw timeLimitError(lines)
        case .boot(let stage):
            let seconds = bootTimeouts.timeout(after: stage)?.components.seconds ?? 0
            throw bootTimeoutError(message, "\(silence(after: stage)) for \(seconds) seconds")
        case .endlessBoot:
            throw bootTimeoutError(
                message, "it only wrote messages for \(bootTimeouts.total.components.seconds) seconds")
        case nil: break
        }
        if let panic = watchdog.panic {
            throw ToolError(
                .unavailable, message, cause: "its kernel panicked: \(panic)",
                remedy: "increase buildVMMemorySize in the spec, or name another kernel with \(.kernel)")
        }
        if hasStatus { return }
        let error = ToolError(
            .unavailable, message, cause: "QEMU \(result) before the script ended\(lines)",
            remedy: "check whether this machine is out of memory or something kills processes, and run it again")
        guard watchdog.hasBooted || accelerator == .tcg || result == .signaled(SIGKILL) else {
            throw GuestBootError(error: error, isTimeout: false)
        }
        throw error
    }

    private func timeLimitError(_ lines: String) -> ToolError {
        let limit = settings.timeLimit.map { $0.components.seconds } ?? 0
        return ToolError(
            .script, "the script and its virtual machine were killed",
            cause: "the script took longer than \(limit) seconds\(lines)",
            remedy: "check what it waits for, or allow more seconds with \(.vmTimeout)")
    }

    private var bootTimeouts: BootTimeouts { BootTimeouts(accelerator, limit: settings.bootTimeLimit) }

    private func silence(after stage: BootProgress.Stage) -> String {
        switch stage {
        case .silent: "it wrote nothing"
        case .firmware: "its kernel wrote nothing"
        case .kernel, .booted: "its kernel wrote nothing more"
        }
    }

    private func bootTimeoutError(_ message: String, _ cause: String) -> GuestBootError {
        let name = accelerator == .kvm ? "KVM" : "TCG"
        let remedy: Remedy =
            accelerator == .kvm
            ? "set \(.accelerator) to tcg or auto: this host's KVM may not run stock kernels; or allow more seconds with \(.vmBootTimeout)"
            : "name another kernel with \(.kernel), or allow more seconds with \(.vmBootTimeout); `dockertools doctor` shows what works on this machine"
        return GuestBootError(
            error: ToolError(
                .unavailable, message, cause: "the guest did not boot under \(name): \(cause)",
                remedy: remedy), isTimeout: true)
    }
}
