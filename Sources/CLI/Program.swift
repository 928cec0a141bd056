import ArgumentParser
import ByteIO
import DockerTools
import Errors
import Foundation
import Glibc
import SystemPackage

/// The program: reads the command line, calls one operation, and turns what comes of it into output and an exit code.
@main
struct Program: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dockertools",
        abstract: "Make Docker and OCI images without Docker, with the same bytes every time.",
        discussion: """
            A spec (JSON or TOML) says what is in an image; `dockertools schema` describes it.

            Example:
              dockertools stream image.toml | docker load

            Results go to standard output, all else to standard error. Exit codes: 0 success; 1 a script of the spec \
            failed; 64 bad usage; 65 bad spec, graph or image; 69 something needed is not there; 74 input or output \
            failed; 130 and 143 ended by SIGINT and SIGTERM.
            """,
        version: "0.1.0",
        subcommands: [
            BuildCommand.self, LayeredCommand.self, StreamCommand.self, PlanCommand.self, ExportCommand.self,
            PullCommand.self, PrefetchCommand.self, PushCommand.self, LoadCommand.self,
            MergeCommand.self, DiffCommand.self, ValidateCommand.self,
            InspectCommand.self, CacheCommand.self, DoctorCommand.self,
            ShadowSetupCommand.self,
            SchemaCommand.self,
        ])

    static func main() async {
        SignalHandler.fillStandardStreams()
        SignalHandler.install()
        Umask.set()
        AllocatorTuning.giveBack()
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as ToolError {
            SignalHandler.giveWay()
            Console.tell(failure.text { $0.flag } + "\n")
            // Without exit handlers: OpenSSL's would take away what a thread may still be hashing with.
            _exit(ExitStatus.of(failure.code))
        } catch {
            exit(withError: error)
        }
    }
}

/// The two streams that the program writes to.
enum Console {
    /// Writes a result to standard output.
    ///
    /// - Throws: `ToolError` with code `io` if it is closed or full.
    static func write(_ text: String) throws {
        try DescriptorSink(STDOUT_FILENO, name: "standard output").write(Array(text.utf8))
    }

    /// Writes to standard error.
    static func tell(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}

extension Context {
    /// Those of this process.
    static var ofProcess: Context {
        var context = Context(
            environment: ProcessInfo.processInfo.environment, currentDirectory: workingDirectory)
        context.programDirectory = directoryOfProgram
        return context
    }

    /// The current directory, whose name need not be text; the root if it was removed.
    private static var workingDirectory: FilePath {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return FilePath(platformString: path)
    }

    /// Where this program lies, links followed.
    private static var directoryOfProgram: FilePath {
        guard let path = realpath("/proc/self/exe", nil) else { return "/usr/bin" }
        defer { free(path) }
        return FilePath(platformString: path).removingLastComponent()
    }
}
