import Errors
import Glibc
import JSON
import Processes
import SystemPackage

/// A program `docker-credential-NAME` that keeps credentials (docker-credential-helpers' protocol).
///
/// Nothing that it writes is repeated in an error, since it may be the secret.
struct CredentialHelper {
    /// The most bytes that a helper may answer: tokens have some KiB.
    static let answerLimit = 1 << 20
    /// What a helper answers if it knows nothing of the registry. It is no error.
    private static let notFound = "credentials not found in native keychain"

    private let name: String
    private let environment: [String: String]
    private let timeLimit: Duration
    private let groups: ProcessGroups

    private struct TimedOut: Error {}

    /// - Parameters:
    ///   - name: what follows `docker-credential-`.
    ///   - place: where the name was read, for the error.
    ///   - timeLimit: how long it may take. It may have to ask its user for a password.
    ///   - groups: is told of the helper, while it runs.
    /// - Throws: `ToolError` with code `data` if that is no name of a program.
    init(
        _ name: String, place: FilePath, environment: [String: String], timeLimit: Duration, groups: ProcessGroups
    ) throws {
        let isName = name.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isName, !name.isEmpty, name.utf8.count <= 100 else {
            throw ToolError(
                .data, "cannot read the credentials in '\(place)'",
                cause: "the name of a credential helper in it is no name of a program",
                remedy: "name the part after docker-credential-, in letters, digits, '-', '_' and '.'")
        }
        self.name = "docker-credential-\(name)"
        self.environment = environment
        self.timeLimit = timeLimit
        self.groups = groups
    }

    /// Asks for the credentials of a registry.
    ///
    /// - Throws: `ToolError` with code `unavailable` if the helper is not there, fails or takes too long, `data` if it
    ///   answers what it should not.
    func credentials(for server: String) async throws -> Credentials {
        let result = try await answer(server)
        guard result.isSuccess else {
            if String(decoding: result.output, as: UTF8.self).contains(Self.notFound) { return .none }
            throw failure(.unavailable, result.cause)
        }
        guard let json = try? JSONValue(parsing: result.output, source: "", limit: Self.answerLimit),
            let user = json["Username"]?.string, let secret = json["Secret"]?.string
        else { throw failure(.data, "it did not answer an object with the texts Username and Secret") }
        if user.isEmpty, secret.isEmpty { return .none }
        // The name that docker gives to what is no password.
        if user == "<token>" { return .identityToken(Secret(secret)) }
        return .password(user: user, password: Secret(secret))
    }

    private func answer(_ server: String) async throws -> ToolResult {
        // It is the helper's time that has a limit, not that until it can run.
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
            throw failure(.unavailable, "it did not end within \(timeLimit.components.seconds) seconds")
        } catch let error as ToolError where error.code != .io {
            throw failure(error.code, error.cause)
        }
    }

    private func run(_ server: String, whenStarted: @Sendable () -> Void) async throws -> ToolResult {
        let question = try question(server)
        // Here alone: closed twice it would be somebody else's.
        defer { try? question.close() }
        let tool = Tool(name, remedy: "")
        var command = ToolCommand(tool, ["get"], programPath: ToolCommand.programPath(in: environment))
        command.environment = environment
        // The helper may ask its user for a password, in the user's language.
        command.locale = nil
        command.input = question
        command.output = .withoutErrors(limit: Self.answerLimit)
        command.groups = groups
        return try await command.run { _ in whenStarted() }
    }

    /// A pipe that holds the question already: a helper that does not read it would end this program by SIGPIPE.
    private func question(_ server: String) throws -> FileDescriptor {
        let bytes = Array(server.utf8) + [UInt8(ascii: "\n")]
        // As much as goes into a pipe in one piece (pipe(7)).
        guard bytes.count <= PIPE_BUF else { throw failure(.data, "the name of the registry is too long") }
        do {
            let ends = try FileDescriptor.pipe(options: .closeOnExec)
            defer { try? ends.writeEnd.close() }
            try ends.writeEnd.writeAll(bytes)
            return ends.readEnd
        } catch let error as Errno {
            throw ToolError.io("cannot ask the credential helper '\(name)'", error)
        }
    }

    private func failure(_ code: ToolError.Code, _ cause: String) -> ToolError {
        ToolError(
            code, "the credential helper '\(name)' gives no credentials", cause: cause,
            remedy: "see what it answers to `\(name) get`, take it out of the file that names it, or use --creds")
    }
}
