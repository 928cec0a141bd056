import Errors
import Foundation
import Glibc
import Processes
import SystemPackage

/// A script of the spec as a process of this machine, with the same environment on every machine.
///
/// A text with a `#!` line is run by the interpreter that the line names, any other by `bash -e`. The script and its
/// session see this machine read-only, except for the directory they work on and a temporary directory; they have no
/// network, and the processes that they leave end with them. Where the system allows no such isolation, they run without it.
struct Script {
    /// The spec's key, for messages.
    let key: String
    let text: String
    /// The value of SOURCE_DATE_EPOCH: seconds since 1970.
    let modified: Int64
    /// The command of a session, whose last arguments are the command that runs the script; it ends with the status of
    /// that. Empty without a session.
    var session: [String] = []
    /// The commands that map the IDs of a user namespace in which the session is root; empty if it keeps the user's IDs.
    var mapCommands: [[String]] = []
    /// The directory that becomes `/` for the script; nil: it sees this machine.
    var root: Root?
    /// The directories of this machine that the script has to see, even if they lie below `/tmp`.
    var visible: [FilePath] = []

    /// A script that has the image as `/`, between two commands that see this machine.
    struct Root {
        let directory: FilePath
        /// The script's command in the image.
        let command: [String]
        /// The script's environment, as the image has it.
        let environment: [String]
        /// The command that runs after the script.
        let last: [String]
    }

    /// The number of lines of output that an error repeats.
    private static let lastLines = 20

    /// Runs the script to its end, and ends the processes that it left running.
    ///
    /// - Parameters:
    ///   - directory: the current directory of the script, which it can change.
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
        let programs = try programs(file, in: directory, temporary, context)
        var isolation = Isolation(
            writable: [directory, temporary], temporary: temporary, visible: [work.path] + visible + visible(context),
            hasNetwork: context.scriptsHaveNetwork)
        isolation.mapCommands = mapCommands
        let lines = try ScriptOutput.start(limit: Self.lastLines, output: output)
        let status: ToolResult.Status
        do {
            status = try await run(programs, isolation, lines, work, context)
        } catch {
            lines.finish()
            throw error
        }
        lines.finish()
        guard status == .exited(0) else { throw error(status, lines.last) }
    }

    /// Directories that commands are likely to name: where programs are, and where this program was started.
    private func visible(_ context: Context) -> [FilePath] {
        [context.currentDirectory] + context.programPath.split(separator: ":").map { FilePath(String($0)) }
    }

    private func programs(
        _ file: FilePath, in directory: FilePath, _ temporary: FilePath, _ context: Context
    ) throws -> [IsolatedProgram] {
        let environment = [
            "PATH=\(context.programPath)", "HOME=/homeless-shelter", "TMPDIR=\(temporary)", "LC_ALL=C", "TZ=UTC",
            "SOURCE_DATE_EPOCH=\(modified)",
        ]
        func program(_ command: [String]) throws -> IsolatedProgram {
            IsolatedProgram(
                try path(of: command[0], context), arguments: command, environment: environment, directory: directory)
        }
        if let root {
            return [
                try program(session + [file.string]),
                IsolatedProgram(
                    FilePath(root.command[0]), arguments: root.command, environment: root.environment, directory: "/",
                    root: root.directory),
                try program(root.last),
            ]
        }
        return [try program(session + (text.hasPrefix("#!") ? [file.string] : ["bash", "-e", file.string]))]
    }

    /// The path of a program: looked up in PATH if its name has no slash.
    private func path(of name: String, _ context: Context) throws -> FilePath {
        if name.contains("/") { return FilePath(name) }
        let tool = Tool(
            name, remedy: name == "bash" ? "install bash, or begin the script with a #! line" : "install \(name)")
        guard let path = tool.file(context.programPath, from: context.currentDirectory) else {
            throw ToolError(
                .unavailable, "cannot run \(key)", cause: "the program \(name) is not in PATH", remedy: tool.remedy)
        }
        return path
    }

    private func run(
        _ programs: [IsolatedProgram], _ isolation: Isolation?, _ lines: ScriptOutput, _ work: WorkDirectory,
        _ context: Context
    ) async throws -> ToolResult.Status {
        // Processes of a namespace that a signal ends become children of this process, so that it can wait for them.
        context.processSupervisor?.adoptOrphans()
        do {
            let (group, status) = try await IsolatedProgram.run(programs, isolation: isolation, output: lines) {
                [cleanup = context.cleanup] in cleanup.add(group: $0)
            }
            kill(-group, SIGKILL)
            // No process may write to the layer while it is read.
            while waitpid(-group, nil, 0) > 0 || errno == EINTR {}
            if isolation == nil { context.processSupervisor?.endOrphans(of: work.path) }
            context.cleanup.remove(group: group)
            return status
        } catch let error as SpawnError where error.isIsolation && isolation != nil {
            guard root == nil, mapCommands.isEmpty else { throw isolationError(error) }
            context.reporter.warn(
                "\(key) is not kept apart from this machine, and can change its files: \(error.reason)")
            return try await run(programs, nil, lines, work, context)
        } catch let error as SpawnError {
            let isExecutable = text.hasPrefix("#!")
            throw ToolError(
                isExecutable ? .script : .unavailable, "cannot run \(key)", cause: error.reason,
                remedy: isExecutable
                    ? "check the script's first line" : "install bash, or begin the script with a #! line")
        }
    }

    private func isolationError(_ error: SpawnError) -> ToolError {
        ToolError(
            .unavailable, "cannot make namespaces for \(key)", cause: error.reason,
            remedy: "run as root; in a container, allow mount and process namespaces")
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

    private func error(_ status: ToolResult.Status, _ last: [String]) -> ToolError {
        let output = last.isEmpty ? "; it wrote nothing" : "; its last lines:" + last.map { "\n    \($0)" }.joined()
        return ToolError(
            .script, "\(key) failed", cause: "it \(status)\(output)", remedy: "correct \(key) in the spec")
    }
}
