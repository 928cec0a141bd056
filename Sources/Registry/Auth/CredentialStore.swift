import Glibc
package import Processes
package import SystemPackage

/// Finds registry credentials that `docker login` and `podman login` stored.
package struct CredentialStore: Sendable {
    private let environment: [String: String]
    private let currentDirectory: FilePath
    private let authFile: FilePath?
    private let groups: ProcessGroups
    private let timeLimit: Duration
    private let user: UInt32

    /// - Parameters:
    ///   - authFile: the file that is read instead of all others.
    ///   - environment: names files and the PATH of helpers.
    ///   - currentDirectory: the absolute directory that relative paths start from.
    ///   - groups: receives the process groups of running helpers.
    package init(
        authFile: FilePath?, environment: [String: String], currentDirectory: FilePath, groups: ProcessGroups
    ) {
        self.init(
            authFile: authFile, environment: environment, currentDirectory: currentDirectory, groups: groups,
            timeLimit: .seconds(60), user: getuid())
    }

    /// - Parameters:
    ///   - timeLimit: how long a helper may run.
    ///   - user: the user ID in the path of podman's file.
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

    /// Finds the credentials for a registry: the first match in all files.
    ///
    /// - Parameters:
    ///   - host: the registry as in image names: `docker.io`, `127.0.0.1:5000`.
    ///   - repository: the repository: a file may have credentials for some repositories only.
    /// - Returns: `.none` if no file has credentials for the registry.
    /// - Throws: `ToolError` with code `data` for an invalid file or helper output, `unavailable` for a helper that is
    ///   missing or fails, `io` for a file that cannot be read.
    package func credentials(for host: String, repository: String) async throws -> Credentials {
        let key = RegistryKey(host: host, repository: repository)
        let locations = CredentialFileLocation.all(
            authFile: authFile, environment: environment, currentDirectory: currentDirectory, user: user)
        for location in locations {
            for source in try CredentialFile.read(location)?.sources(for: key) ?? [] {
                switch source {
                case .credentials(let credentials): return credentials
                case .helper(let name, let server):
                    let helper = try CredentialHelper(
                        name, file: location.path, environment: environment, timeLimit: timeLimit, groups: groups)
                    let credentials = try await helper.credentials(for: server)
                    if credentials != .none { return credentials }
                }
            }
        }
        return .none
    }
}

/// The path of a file that may hold credentials.
struct CredentialFileLocation: Equatable {
    let path: FilePath
    /// Whether a missing file is an error, because it was named for this run.
    var isRequired = false

    /// The files in the order of search.
    ///
    /// A file named by `authFile` or `$REGISTRY_AUTH_FILE` is the only one. Otherwise podman's files come first
    /// (containers-auth.json(5)), then docker's. A directory variable with a relative path counts as unset.
    ///
    /// - Parameters:
    ///   - currentDirectory: the directory that a relative path starts from.
    ///   - user: the user ID.
    static func all(
        authFile: FilePath?, environment: [String: String], currentDirectory: FilePath, user: UInt32
    ) -> [CredentialFileLocation] {
        if let authFile {
            return [CredentialFileLocation(path: currentDirectory.pushing(authFile), isRequired: true)]
        }
        if let named = environment["REGISTRY_AUTH_FILE"], !named.isEmpty {
            return [CredentialFileLocation(path: currentDirectory.pushing(FilePath(named)))]
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
        return paths.compactMap { $0.map { CredentialFileLocation(path: $0) } }
    }
}
