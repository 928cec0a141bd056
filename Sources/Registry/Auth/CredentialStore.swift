import Errors
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
    private let warn: @Sendable (String) -> Void

    /// - Parameters:
    ///   - authFile: the file that is read instead of all others.
    ///   - environment: names files and the PATH of helpers.
    ///   - currentDirectory: the absolute directory that relative paths start from.
    ///   - groups: receives the process groups of running helpers.
    ///   - timeLimit: how long a helper may run.
    ///   - user: the user ID in the path of podman's file.
    ///   - warn: receives a message about a helper that is missing or fails.
    package init(
        authFile: FilePath?, environment: [String: String], currentDirectory: FilePath, groups: ProcessGroups,
        timeLimit: Duration = .seconds(60), user: UInt32 = getuid(), warn: @escaping @Sendable (String) -> Void
    ) {
        self.authFile = authFile
        self.environment = environment
        self.currentDirectory = currentDirectory
        self.groups = groups
        self.timeLimit = timeLimit
        self.user = user
        self.warn = warn
    }

    /// Finds the credentials for a registry: the first match in all files.
    ///
    /// A helper that is missing or fails has no credentials: the image may be public, and if it is not, the registry says so.
    ///
    /// - Parameters:
    ///   - host: the registry as in image names: `docker.io`, `127.0.0.1:5000`.
    ///   - repository: the repository: a file may have credentials for some repositories only.
    /// - Returns: `.none` if no file has credentials for the registry.
    /// - Throws: `ToolError` with code `data` for an invalid file, `io` for a file that cannot be read.
    package func credentials(for host: String, repository: String) async throws -> Credentials {
        let key = RegistryKey(host: host, repository: repository)
        for (file, path) in try files() {
            for source in try file.sources(for: key) {
                switch source {
                case .credentials(let credentials): return credentials
                case .helper(let name, let server):
                    let credentials = try await credentials(ofHelper: name, server, path)
                    if credentials != .none { return credentials }
                }
            }
        }
        return .none
    }

    private func credentials(ofHelper name: String, _ server: String, _ file: FilePath) async throws -> Credentials {
        let helper = try CredentialHelper(
            name, file: file, environment: environment, timeLimit: timeLimit, groups: groups)
        do {
            return try await helper.credentials(for: server)
        } catch let error as ToolError where error.code != .io {
            warn("\(error.message): \(error.cause)")
            return .none
        }
    }

    /// The contents of all files, with their names for errors, in the order of search.
    private func files() throws -> [(file: CredentialFile, path: FilePath)] {
        let named = authFile != nil || environment["REGISTRY_AUTH_FILE"].map { !$0.isEmpty } ?? false
        var files: [(CredentialFile, FilePath)] = []
        // The text of a file, which GitLab's CI sets (docker/cli, config/configfile).
        if !named, let text = environment[Self.variable] {
            let name = FilePath("$\(Self.variable)")
            if let file = try CredentialFile.parse(Array(text.utf8), name) { files.append((file, name)) }
        }
        let locations = CredentialFileLocation.all(
            authFile: authFile, environment: environment, currentDirectory: currentDirectory, user: user)
        for location in locations {
            if let file = try CredentialFile.read(location) { files.append((file, location.path)) }
        }
        return files
    }

    private static let variable = "DOCKER_AUTH_CONFIG"
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
