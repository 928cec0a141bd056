import Errors
import Glibc
import JSON
import Processes
import SystemPackage

/// A program `docker-credential-NAME` that stores credentials (protocol of docker/docker-credential-helpers).
///
/// Errors never repeat the program's standard output, which may contain the secret. They show its standard error.
struct CredentialHelper {
    /// The most bytes of output: 1 MiB. Tokens have a few KiB.
    private static let outputLimit = 1 << 20
    /// The output of a helper that has no credentials for the registry. This is not an error.
    private static let notFound = "credentials not found in native keychain"

    private let name: String
    private let environment: [String: String]
    private let timeLimit: Duration
    private let groups: ProcessGroups

    private struct TimedOut: Error {}

    /// - Parameters:
    ///   - name: the part of the program's name after `docker-credential-`.
    ///   - file: the file that names the helper, for errors.
    ///   - timeLimit: how long the helper may run. It may ask the user for a password.
    ///   - groups: receives the process group of the running helper.
    /// - Throws: `ToolError` with code `data` if the name is not valid.
    init(
        _ name: String, file: FilePath, environment: [String: String], timeLimit: Duration, groups: ProcessGroups
    ) throws {
        let isValid = name.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isValid, !name.isEmpty, name.utf8.count <= 100 else {
            throw ToolError(
                .data, "cannot read the credentials in '\(file)'",
                cause: "it names a credential helper that is not a valid program name",
                remedy: "write the part after docker-credential-, in letters, digits, '-', '_' and '.'")
        }
        self.name = "docker-credential-\(name)"
        self.environment = environment
        self.timeLimit = timeLimit
        self.groups = groups
    }

    /// Runs the helper to get the credentials of a server.
    ///
    /// - Returns: `.none` if the helper has no credentials for the server.
    /// - Throws: `ToolError` with code `unavailable` if the helper is missing, fails or takes too long, `data` if its
    ///   output is invalid.
    func credentials(for server: String) async throws -> Credentials {
        let result = try await output(server)
        guard result.isSuccess else {
            if String(decoding: result.output, as: UTF8.self).contains(Self.notFound) { return .none }
            throw error(.unavailable, result.cause)
        }
        guard let json = try? JSONValue(parsing: result.output, source: "", limit: Self.outputLimit),
            let user = json["Username"]?.string, let secret = json["Secret"]?.string
        else { throw error(.data, "its output is not an object with the strings Username and Secret") }
        if user.isEmpty, secret.isEmpty { return .none }
        // docker's user name for an identity token.
        if user == "<token>" { return .identityToken(Secret(secret)) }
        return .password(user: user, password: Secret(secret))
    }

    /// Runs the helper, at most for the time limit.
    private func output(_ server: String) async throws -> ToolResult {
        // The clock starts with the helper: starting it may take long on a busy machine.
        let (start, started) = AsyncStream.makeStream(of: Void.self)
        do {
            return try await withThrowingTaskGroup { race in
                race.addTask { try await self.run(server) { started.yield() } }
                race.addTask {
                    for await _ in start { break }
                    try await Task.sleep(for: timeLimit)
                    throw TimedOut()
                }
                defer { race.cancelAll() }
                guard let first = try await race.next() else { throw TimedOut() }
                return first
            }
        } catch is TimedOut {
            throw error(.unavailable, "it did not exit within \(timeLimit.components.seconds) seconds")
        } catch let error as ToolError where error.code != .io {
            throw self.error(error.code, error.cause)
        }
    }

    private func run(_ server: String, whenStarted: @Sendable () -> Void) async throws -> ToolResult {
        let input = try input(server)
        // ToolCommand must not close it as well: the number may belong to another file by then.
        defer { try? input.close() }
        let tool = Tool(name, remedy: "")
        var command = ToolCommand(tool, ["get"], programPath: ToolCommand.programPath(in: environment))
        command.environment = environment
        // The helper may ask its user for a password, in the user's language.
        command.locale = nil
        command.input = input
        command.output = .captured(limit: Self.outputLimit, errorLimit: Self.outputLimit)
        command.groups = groups
        return try await command.run { _ in whenStarted() }
    }

    /// Makes a pipe that already holds the server name: writing to a helper that does not read would raise SIGPIPE.
    private func input(_ server: String) throws -> FileDescriptor {
        let bytes = Array(server.utf8) + [UInt8(ascii: "\n")]
        // A write of up to PIPE_BUF bytes to an empty pipe does not block (pipe(7)).
        guard bytes.count <= PIPE_BUF else { throw error(.data, "the name of the registry is too long") }
        do {
            let ends = try FileDescriptor.pipe(options: .closeOnExec)
            defer { try? ends.writeEnd.close() }
            try ends.writeEnd.writeAll(bytes)
            return ends.readEnd
        } catch let error as Errno {
            throw ToolError.io("cannot write to the credential helper '\(name)'", error)
        }
    }

    private func error(_ code: ToolError.Code, _ cause: String) -> ToolError {
        ToolError(
            code, "cannot get credentials from the credential helper '\(name)'", cause: cause,
            remedy: "check the output of `\(name) get`, remove it from the file that names it, or use \(.credentials)")
    }
}
