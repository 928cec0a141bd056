import Glibc
import Processes
import SystemPackage

/// Knows who this program's user is to the registries: what the command line says, else what `docker login` and `podman
/// login` left behind.
package struct CredentialStore: Sendable {
    private let environment: [String: String]
    private let currentDirectory: FilePath
    private let authFile: FilePath?
    private let groups: ProcessGroups
    private let timeLimit: Duration
    private let user: UInt32

    /// - Parameters:
    ///   - authFile: the file that is asked in place of all others (`--authfile`).
    ///   - environment: where files and helpers are found.
    ///   - currentDirectory: the absolute directory that relative paths start from.
    ///   - groups: is told of the helpers that run.
    package init(
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
    /// - Throws: `ToolError` with code `data` for a file or a helper's answer that is not what it should be, `unavailable` for
    ///   a helper that is not there or fails, `io` for a file that cannot be read.
    package func credentials(for host: String, repository: String) async throws -> Credentials {
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

/// A file that may hold credentials.
struct CredentialPlace: Equatable {
    let path: FilePath
    /// Whether somebody named it for this run, so that it has to be there.
    var isRequired = false
}

extension CredentialPlace {
    /// The files, in the order in which they are asked.
    ///
    /// Whoever names one, by `--authfile` or `$REGISTRY_AUTH_FILE`, means that one alone. Else podman's files come first
    /// (containers-auth.json(5)), then docker's. A directory from the environment that is not absolute counts as none.
    ///
    /// - Parameters:
    ///   - authFile: what `--authfile` says.
    ///   - currentDirectory: what a relative path starts from.
    ///   - user: the number of the user who runs this.
    static func all(
        authFile: FilePath?, environment: [String: String], currentDirectory: FilePath, user: UInt32
    ) -> [CredentialPlace] {
        if let authFile {
            return [CredentialPlace(path: currentDirectory.pushing(authFile), isRequired: true)]
        }
        if let named = environment["REGISTRY_AUTH_FILE"], !named.isEmpty {
            return [CredentialPlace(path: currentDirectory.pushing(FilePath(named)))]
        }
        let directory = { (variable: String) in
            environment[variable].flatMap { $0.hasPrefix("/") ? FilePath($0) : nil }
        }
        let home = directory("HOME")
        let paths: [FilePath?] = [
            (directory("XDG_RUNTIME_DIR")?.appending("containers") ?? FilePath("/run/containers/\(user)"))
                .appending("auth.json"),
            (directory("XDG_CONFIG_HOME") ?? home?.appending(".config"))?.appending("containers/auth.json"),
            (directory("DOCKER_CONFIG") ?? home?.appending(".docker"))?.appending("config.json"),
        ]
        return paths.compactMap { $0.map { CredentialPlace(path: $0) } }
    }
}
