import Failures
import Glibc
import Processes
import SystemPackage

/// Knows who this program's user is to the registries: what the command line says, else what `docker login` and `podman
/// login` left behind.
public struct CredentialStore: Sendable {
    private let environment: [String: String]
    private let currentDirectory: FilePath
    private let authFile: FilePath?
    private let groups: ProcessGroups
    private let timeLimit: Duration
    private let user: UInt32

    /// - Parameters:
    ///   - authFile: the file that is asked in place of all others (`--authfile`).
    ///   - environment: where files and helpers are found.
    ///   - currentDirectory: the absolute folder that relative paths start from.
    ///   - groups: is told of the helpers that run.
    public init(
        authFile: FilePath?, environment: [String: String], currentDirectory: FilePath, groups: ProcessGroups
    ) {
        self.init(
            authFile: authFile, environment: environment, currentDirectory: currentDirectory, groups: groups,
            timeLimit: .seconds(60), user: getuid())
    }

    init(
        authFile: FilePath?, environment: [String: String], currentDirectory: FilePath, groups: ProcessGroups,
        timeLimit: Duration, user: UInt32
    ) {
        self.authFile = authFile
        self.environment = environment
        self.currentDirectory = currentDirectory
        self.groups = groups
        self.timeLimit = timeLimit
        self.user = user
    }

    /// The credentials for a registry: the first that are found.
    ///
    /// - Parameters:
    ///   - host: the registry as its images name it: `docker.io`, `127.0.0.1:5000`.
    ///   - repository: the repository in it: a file may have credentials for some of them alone.
    /// - Throws: `Failure` with code `data` for a file or a helper's answer that is not what it should be, `unavailable` for
    ///   a helper that is not there or fails, `io` for a file that cannot be read.
    public func credentials(for host: String, repository: String) async throws -> Credentials {
        let key = RegistryKey(host: host, repository: repository)
        let places = CredentialPlace.all(
            authFile: authFile, environment: environment, currentDirectory: currentDirectory, user: user)
        for place in places {
            for finding in try CredentialFile(reading: place)?.findings(for: key) ?? [] {
                switch finding {
                case .credentials(let credentials): return credentials
                case .helper(let name, let server):
                    let helper = try CredentialHelper(
                        name, place: place.path, environment: environment, timeLimit: timeLimit, groups: groups)
                    let credentials = try await helper.credentials(for: server)
                    if credentials != .none { return credentials }
                }
            }
        }
        return .none
    }
}
