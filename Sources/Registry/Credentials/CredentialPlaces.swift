import SystemPackage

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
    /// (containers-auth.json(5)), then docker's. A folder from the environment that is not absolute counts as none.
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
        let folder = { (variable: String) in
            environment[variable].flatMap { $0.hasPrefix("/") ? FilePath($0) : nil }
        }
        let home = folder("HOME")
        let paths: [FilePath?] = [
            (folder("XDG_RUNTIME_DIR")?.appending("containers") ?? FilePath("/run/containers/\(user)"))
                .appending("auth.json"),
            (folder("XDG_CONFIG_HOME") ?? home?.appending(".config"))?.appending("containers/auth.json"),
            (folder("DOCKER_CONFIG") ?? home?.appending(".docker"))?.appending("config.json"),
        ]
        return paths.compactMap { $0.map { CredentialPlace(path: $0) } }
    }
}
