import Errors
import Foundation
import Glibc
import Processes
import Subprocess
import SystemPackage

/// A script of the spec as a process of this machine, with the same environment on every machine.
///
/// A text with a `#!` line is run by the interpreter that the line names, any other by `bash -e`.
struct Script {
    /// The spec's key, for messages.
    let key: String
    let text: String
    /// The value of SOURCE_DATE_EPOCH: seconds since 1970.
    let modified: Int64
    /// The command of a session, whose last arguments are the command that runs the script; it ends with the status of
    /// that. Empty without a session.
    var session: [String] = []

    /// The number of lines of output that an error repeats.
    private static let lastLines = 20

    /// Runs the script to its end, and ends the processes that it left running.
    ///
    /// - Parameters:
    ///   - directory: the current directory of the script.
    ///   - work: holds the script's file and its temporary files.
    ///   - context: the environment in which programs are looked up and processes registered.
    ///   - output: receives each line that the script writes to standard output or error.
    /// - Throws: `ToolError` with code `script` and the last lines if the status is not 0.
    func run(
        in directory: FilePath, work: WorkDirectory, context: Context, output: @escaping @Sendable (String) -> Void
    ) async throws {
        let file = work.path.appending(key)
        try write(to: file)
        let temporary = try work.makeDirectory("tmp")
        let isExecutable = text.hasPrefix("#!")
        let command = session + (isExecutable ? [file.string] : ["bash", "-e", file.string])
        let configuration = Configuration(
            executable: session.isEmpty && isExecutable ? .path(file) : .name(command[0]),
            arguments: Arguments(Array(command.dropFirst())),
            environment: .custom([
                "PATH": context.programPath, "HOME": "/homeless-shelter", "TMPDIR": temporary.string, "LC_ALL": "C",
                "TZ": "UTC",
                "SOURCE_DATE_EPOCH": String(modified),
            ]),
            workingDirectory: directory, platformOptions: Self.ownGroup)
        let lines = try ScriptOutput.start(limit: Self.lastLines, output: output)
        let status: TerminationStatus
        do {
            status = try await Self.run(configuration, lines, work, context)
        } catch let error as SubprocessError {
            lines.finish()
            throw ToolError(
                isExecutable ? .script : .unavailable, "cannot run \(key)", cause: "\(error)",
                remedy: isExecutable
                    ? "check the script's first line" : "install bash, or begin the script with a #! line")
        }
        guard status.isSuccess else { throw error(status, lines.last) }
    }

    private static func run(
        _ configuration: Configuration, _ lines: ScriptOutput, _ work: WorkDirectory, _ context: Context
    ) async throws -> TerminationStatus {
        context.processSupervisor?.adoptOrphans()
        // A process that the script leaves running would keep the pipe open; it is ended with the script.
        // `.combinedWithOutput` of swift-subprocess 1.0.2 keeps a copy of the pipe's writing end open: the reader would
        // never see the end.
        let end = FileDescriptor(rawValue: lines.writeEnd)
        let outcome = try await Subprocess.run(
            configuration, input: .none, output: .fileDescriptor(end, closeAfterSpawningProcess: false),
            error: .fileDescriptor(end, closeAfterSpawningProcess: false)
        ) { execution in
            let group = pid_t(execution.processIdentifier.value)
            context.cleanup.add(group: group)
            return group
        }
        let group = outcome.closureResult
        kill(-group, SIGKILL)
        // No process may write to the layer while it is read.
        while waitpid(-group, nil, 0) > 0 || errno == EINTR {}
        context.processSupervisor?.endOrphans(of: work.path)
        context.cleanup.remove(group: group)
        lines.finish()
        return outcome.terminationStatus
    }

    private static var ownGroup: PlatformOptions {
        var options = PlatformOptions()
        options.processGroupID = 0
        return options
    }

    private func write(to file: FilePath) throws {
        let mode = mode_t(0o700)
        let descriptor = file.withPlatformString { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode) }
        guard descriptor >= 0 else { throw ToolError.io("cannot write \(file)") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw ToolError.io("cannot write \(file)")
        }
    }

    private func error(_ status: TerminationStatus, _ last: [String]) -> ToolError {
        let how =
            switch status {
            case .exited(let code): "it ended with status \(code)"
            case .signaled(let signal): "it was ended by signal \(signal)"
            }
        let output = last.isEmpty ? "; it wrote nothing" : "; its last lines:" + last.map { "\n    \($0)" }.joined()
        return ToolError(.script, "\(key) failed", cause: how + output, remedy: "correct \(key) in the spec")
    }
}
