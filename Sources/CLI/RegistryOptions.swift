import ArgumentParser
import DockerTools
import SystemPackage

/// How registries are reached: what all verbs that may talk to one have in common.
struct RegistryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Who you are to the registry. Other users of this machine can see it while this runs: docker login and podman \
            login keep it out of sight.
            """, valueName: "user:password"))
    var creds: String?

    @Option(
        help: ArgumentHelp(
            "The file with credentials to read in place of podman's and docker's.", valueName: "path"),
        completion: .file())
    var authfile: String?

    @Option(
        help: ArgumentHelp(
            "A directory with certificates: *.crt of authorities, *.cert and *.key of your own.", valueName: "path"),
        completion: .directory)
    var certDir: String?

    @Option(
        help: ArgumentHelp(
            "With false the registry's certificate is not looked at, and plain http will do.", valueName: "bool"))
    var tlsVerify = true

    @Option(help: ArgumentHelp("How long a server may be silent.", valueName: "seconds"))
    var timeout = 60.0

    @Option(help: ArgumentHelp("How often a request that failed is sent again.", valueName: "count"))
    var retries = 4

    func validate() throws {
        guard timeout > 0, timeout <= 86400 else {
            throw ValidationError("--timeout takes seconds, more than 0 and not more than a day.")
        }
        guard (0...100).contains(retries) else { throw ValidationError("--retries takes a number from 0 to 100.") }
    }

    /// This process's context, with registries reached as the options say.
    ///
    /// - Parameter images: what the command line names: the options mean the registry of those that are `docker://NAME`.
    func context(for images: String...) throws -> Context { try context(for: images) }

    func context(for images: [String]) throws -> Context {
        try context(forNames: images.filter { $0.hasPrefix("docker://") })
    }

    /// The same where the command line names an image of a registry, with or without `docker://`.
    func context(forName name: String) throws -> Context { try context(forNames: [name]) }

    private func context(forNames names: [String]) throws -> Context {
        var access = RegistryAccess()
        access.credentials = creds
        access.authFile = authfile.map { FilePath($0) }
        access.certDir = certDir.map { FilePath($0) }
        access.tlsVerify = tlsVerify
        access.timeout = timeout
        access.retries = retries
        try access.choose(among: names)
        var context = Context.ofProcess
        context.registries = access
        return context
    }
}
