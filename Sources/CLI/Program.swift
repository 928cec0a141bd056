import ArgumentParser
import ByteIO
import Errors
import Glibc

/// The command line program: parses arguments, calls one operation, and turns its result into output and an exit status.
@main
struct Program: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dockertools",
        abstract: "Build Docker and OCI images without Docker, with the same bytes every time.",
        discussion: """
            A spec (JSON or TOML) describes an image; `dockertools schema` prints the JSON Schema of specs.

            Example:
              dockertools stream image.toml | docker load

            Results go to standard output, everything else to standard error. Exit codes: 0 success; 1 a script of the \
            spec failed; 64 invalid usage; 65 invalid spec, graph or image; 69 a required program, registry or other \
            resource is missing; 74 input or output failed; 130 and 143 ended by SIGINT and SIGTERM.
            """,
        version: "0.1.0",
        subcommands: [
            BuildCommand.self, LayeredCommand.self, StreamCommand.self, PlanCommand.self, ExportCommand.self,
            PullCommand.self, PrefetchCommand.self, PushCommand.self, LoadCommand.self,
            TagsCommand.self, MergeCommand.self, DiffCommand.self, ValidateCommand.self,
            InspectCommand.self, CacheCommand.self, DoctorCommand.self,
            ShadowSetupCommand.self,
            SchemaCommand.self,
        ])

    static func main() async {
        do {
            try ProcessSetup.run()
            try await run(try parsed())
        } catch let failure as ToolError {
            SignalHandler.waitIfInterrupted()
            let arguments = ProcessStart.arguments
            Console.writeError(ArgumentErrors.explainingTilde(failure, arguments).printable { $0.flag } + "\n")
            // exit(3) would call OpenSSL's exit handler, which frees memory that hashing threads may still use.
            _exit(ExitStatus.of(failure.code))
        } catch {
            _exit(exitCode(for: error).rawValue)
        }
    }

    /// Parses the command line.
    ///
    /// - Throws: `ToolError` with code `usage`; an error that ends the program successfully, after its text was printed.
    private static func parsed() throws -> any ParsableCommand {
        do {
            return try parseAsRoot(ProcessStart.arguments)
        } catch {
            try printIfRequested(error)
            throw ArgumentErrors.toolError(error, ProcessStart.arguments)
        }
    }

    private static func run(_ command: any ParsableCommand) async throws {
        do {
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                var command = command
                try command.run()
            }
        } catch {
            guard !(error is ToolError), !(error is ExitCode) else { throw error }
            try printIfRequested(error)
            guard exitCode(for: error) != .success else { throw error }
            throw ToolError(.io, "cannot finish the command", cause: "\(error)", remedy: "report this as a bug")
        }
    }

    /// Prints the text of an error that is a request: for help, for the version, for completions.
    ///
    /// - Throws: the request, after its text was printed; `ToolError` with code `io` if it cannot be printed.
    private static func printIfRequested(_ error: any Error) throws {
        guard exitCode(for: error) == .success else { return }
        try Console.write(fullMessage(for: error) + "\n")
        throw error
    }
}

/// The standard streams that the program writes to.
enum Console {
    /// Writes a result to standard output. On a terminal, control characters of names in it are replaced.
    ///
    /// - Throws: `ToolError` with code `io` if the stream is closed or the disk full.
    static func write(_ text: String) throws {
        let text = isatty(STDOUT_FILENO) == 1 ? text.printable : text
        try write(bytes: Array(text.utf8))
    }

    /// Writes bytes to standard output unchanged.
    ///
    /// - Throws: `ToolError` with code `io` if the stream is closed or the disk full.
    static func write(bytes: [UInt8]) throws {
        try DescriptorSink(STDOUT_FILENO, name: "standard output").write(bytes)
    }

    /// Writes a result of any size, which comes in parts.
    ///
    /// - Throws: as `write` does; the errors of `parts`.
    static func write(parts: ((String) throws -> Void) throws -> Void) throws {
        var buffer = ""
        try parts { part in
            buffer += part
            guard buffer.utf8.count >= bufferSize else { return }
            try write(buffer)
            buffer = ""
        }
        try write(buffer)
    }

    /// The size in bytes of a part of a result from which on it is written.
    private static let bufferSize = 64 * 1024

    /// Writes to standard error.
    static func writeError(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
