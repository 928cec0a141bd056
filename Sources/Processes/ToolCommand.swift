import ByteIO
import Errors
import Glibc
package import Subprocess
package import SystemPackage

/// Callbacks that register the process groups of running tools, so that tools end together with this program.
package struct ProcessGroups: Sendable {
    /// Receives the id of a process group that has started.
    package let started: @Sendable (pid_t) -> Void
    /// Receives the id of a process group that has ended.
    package let ended: @Sendable (pid_t) -> Void

    /// - Parameters:
    ///   - started: called with the id of a tool's process group when the tool has started.
    ///   - ended: called with the id when the tool has ended.
    package init(started: @escaping @Sendable (pid_t) -> Void, ended: @escaping @Sendable (pid_t) -> Void) {
        self.started = started
        self.ended = ended
    }
}

/// A command line of an external tool, and how the tool is run.
///
/// Every external tool is started here. Scripts of a spec are not: they need a session of their own.
package struct ToolCommand: Sendable {
    /// Where the output of a tool goes.
    package enum Output: Sendable {
        /// Both streams are kept. More bytes than a limit are an error.
        case captured(limit: Int, errorLimit: Int)
        /// Both streams go to one reader of lines.
        case lines(ScriptOutput)
    }

    private static let defaultLimit = 64 * 1024

    /// The program.
    package let tool: Tool
    /// The arguments without the program's name.
    package let arguments: [String]
    /// Where the program is looked up: the value of PATH.
    package let programPath: String
    /// The variables besides PATH and LC_ALL. Nothing else is inherited.
    package var environment: [String: String] = [:]
    /// The value of LC_ALL, by default C, so that messages are the same everywhere; nil: that of `environment`.
    package var locale: String? = "C"
    /// Standard input, which stays open; nil: empty.
    package var input: FileDescriptor?
    /// Where the output goes, by default to the result, 64 KiB of each stream.
    package var output = Output.captured(limit: Self.defaultLimit, errorLimit: Self.defaultLimit)
    /// Registers the tool's process group. Without it the tool belongs to this program's own group.
    ///
    /// Processes that the tool leaves in its group are killed when it ends.
    package var groups: ProcessGroups?
    /// Whether the kernel kills the tool when this program is killed, for a tool that would run on.
    ///
    /// It needs util-linux's setpriv; without it, the tool runs on.
    package var diesWithParent = false

    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - programPath: the value of PATH.
    package init(_ tool: Tool, _ arguments: [String], programPath: String) {
        self.tool = tool
        self.arguments = arguments
        self.programPath = programPath
    }

    /// The value of PATH in an environment; `/usr/local/bin:/usr/bin:/bin` if it has none.
    package static func programPath(in environment: [String: String]) -> String {
        environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    }

    /// Runs the tool to its end.
    ///
    /// - Parameter body: called with the tool's process id, which is also that of its group, when the tool has started.
    /// - Returns: the outcome, whatever the exit status is.
    /// - Throws: `ToolError` with code `unavailable` if the tool is missing or cannot be started, `data` if it writes
    ///   more than the limit; and the errors of `body`.
    package func run(whileRunning body: (pid_t) async throws -> Void = { _ in }) async throws -> ToolResult {
        do {
            switch output {
            case .captured(let limit, let errorLimit):
                let outcome = try await start(.bytes(limit: limit), .bytes(limit: errorLimit), body)
                return ToolResult(
                    outcome.terminationStatus, outcome.standardOutput,
                    errorText: String(decoding: outcome.standardError, as: UTF8.self))
            case .lines(let lines):
                // `.combinedWithOutput` would keep a copy of the pipe's end open (swift-subprocess 1.0.2), so that the
                // reader would never see the end.
                let end = FileDescriptor(rawValue: lines.writeEnd)
                let outcome = try await start(
                    .fileDescriptor(end, closeAfterSpawningProcess: false),
                    .fileDescriptor(end, closeAfterSpawningProcess: false), body)
                return ToolResult(outcome.terminationStatus, [])
            }
        } catch let error as SubprocessError {
            throw failure(error)
        }
    }

    private func start<Output: OutputProtocol, ErrorOutput: ErrorOutputProtocol>(
        _ output: Output, _ errorOutput: ErrorOutput, _ body: (pid_t) async throws -> Void
    ) async throws -> ExecutionResult<Void, Output, ErrorOutput> {
        guard let input else { return try await start(NoInput.none, output, errorOutput, body) }
        return try await start(
            FileDescriptorInput.fileDescriptor(input, closeAfterSpawningProcess: false), output, errorOutput, body)
    }

    private func start<Input: InputProtocol, Output: OutputProtocol, ErrorOutput: ErrorOutputProtocol>(
        _ input: Input, _ output: Output, _ errorOutput: ErrorOutput, _ body: (pid_t) async throws -> Void
    ) async throws -> ExecutionResult<Void, Output, ErrorOutput> {
        var group: pid_t?
        defer {
            if let groups, let group {
                kill(-group, SIGKILL)
                groups.ended(group)
            }
        }
        return try await Subprocess.run(configuration, input: input, output: output, error: errorOutput) { execution in
            let started = pid_t(execution.processIdentifier.value)
            group = started
            groups?.started(started)
            try await body(started)
        }
    }

    private var configuration: Configuration {
        var variables = environment
        variables["PATH"] = tool.searchPath(programPath)
        if let locale { variables["LC_ALL"] = locale }
        let keyed = variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) }
        var options = PlatformOptions()
        if groups != nil { options.processGroupID = 0 }
        let command = invocation
        return Configuration(
            executable: .name(command.name), arguments: Arguments(command.arguments),
            environment: .custom(Dictionary(uniqueKeysWithValues: keyed)), platformOptions: options)
    }

    /// The name and the arguments of the program to start, which becomes the tool.
    ///
    /// The signal of `PR_SET_PDEATHSIG` comes when the thread ends that started the tool. Subprocess starts all tools on
    /// one thread, which lives as long as this program (`Thread.swift` of swift-subprocess 1.0.2).
    private var invocation: (name: String, arguments: [String]) {
        let setpriv = diesWithParent ? Tool.setpriv.file(programPath)?.real : nil
        // A tool that is missing is reported in place of setpriv; BusyBox's setpriv does not have the option.
        guard let setpriv, setpriv.lastComponent == "setpriv", tool.file(programPath) != nil else {
            return (tool.name, arguments)
        }
        return (Tool.setpriv.name, ["--pdeathsig", "KILL", tool.name] + arguments)
    }

    private func failure(_ error: SubprocessError) -> ToolError {
        switch error.code {
        case .outputLimitExceeded:
            let limits =
                switch output {
                case .captured(let limit, let errorLimit):
                    "\(limit) bytes, or more than \(errorLimit) to standard error"
                case .lines: "it may"
                }
            return ToolError(
                .data, "`\(description)` writes too much", cause: "it writes more than \(limits)",
                remedy: "run it by hand to see what it writes")
        case .executableNotFound:
            return ToolError(
                .unavailable, "cannot run \(tool.name)", cause: "the program \(tool.name) is not in PATH",
                remedy: tool.remedy)
        default:
            return ToolError(.unavailable, "cannot run \(tool.name)", cause: "\(error)", remedy: tool.remedy)
        }
    }
}

extension ToolCommand: CustomStringConvertible {
    /// The program with its first argument, which says what it does: `nix-store --query`.
    package var description: String { ([tool.name] + arguments.prefix(1)).joined(separator: " ") }
}

extension ToolResult {
    fileprivate init(_ status: TerminationStatus, _ output: [UInt8], errorText: String = "") {
        switch status {
        case .exited(let code): self.status = .exited(code)
        case .signaled(let signal): self.status = .signaled(signal)
        }
        self.output = output
        self.errorText = errorText
    }
}
