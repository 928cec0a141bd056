import ArgumentParser
import DockerTools
import Failures
import Glibc

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
        Interruption.fillStandardStreams()
        Interruption.install()
        FileMask.set()
        FreedMemory.giveBack()
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            Interruption.giveWay()
            Console.tell("\(failure)\n")
            // Without exit handlers: OpenSSL's would take away what a thread may still be hashing with.
            _exit(failure.code.rawValue)
        } catch {
            exit(withError: error)
        }
    }
}
