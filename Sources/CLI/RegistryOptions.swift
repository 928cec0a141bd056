import ArgumentParser
import DockerTools
import SystemPackage

/// The options of all verbs that may access a registry.
struct RegistryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Registry credentials. They are visible to other users of this machine while the program runs; docker login and \
            podman login store them privately.
            """, valueName: "user:password"))
    var creds: String?

    @Flag(help: "Read the registry credentials, USER:PASSWORD, from the first line of standard input.")
    var credsStdin = false

    @Option(
        help: ArgumentHelp("A file with credentials that replaces podman's and docker's files.", valueName: "path"),
        completion: .file())
    var authfile: String?

    @Option(
        help: ArgumentHelp(
            "A directory with certificates: *.crt of CAs, *.cert and *.key of the client.", valueName: "path"),
        completion: .directory)
    var certDir: String?

    @Option(
        help: ArgumentHelp(
            "Verify the registry's certificate; with false, http without TLS is allowed as well.", valueName: "bool"))
    var tlsVerify = true

    @Option(
        name: .customLong("mirror"),
        help: ArgumentHelp(
            """
            A mirror that is asked before the registry: docker.io=mirror.example, quay.io=http://mirror.example:5000/quay. May \
            be repeated. Mirrors of podman's registries.conf follow.
            """, valueName: "host=mirror"))
    var mirrors: [String] = []

    @Option(help: ArgumentHelp("The time after which a silent server counts as failed.", valueName: "seconds"))
    var timeout = 60.0

    @Option(help: ArgumentHelp("The number of times that a failed request is repeated.", valueName: "count"))
    var retries = 4

    func validate() throws {
        guard creds == nil || !credsStdin else {
            throw ValidationError("Give the credentials with --creds or with --creds-stdin.")
        }
        guard timeout > 0, timeout <= 86400 else {
            throw ValidationError("--timeout takes seconds, more than 0 and at most one day.")
        }
        guard (0...100).contains(retries) else { throw ValidationError("--retries takes a number from 0 to 100.") }
    }

    /// The access settings for images of the command line; options for a single registry apply to the registry of
    /// `docker://NAME`.
    func access(for images: [String]) throws -> RegistryAccess {
        try access(forNames: images.filter { $0.hasPrefix("docker://") })
    }

    /// The access settings for names in registries, with or without `docker://`.
    func access(forNames names: [String]) throws -> RegistryAccess {
        var access = RegistryAccess()
        access.credentials = credsStdin ? try Self.firstLine() : creds
        access.authFile = authfile.map { FilePath($0) }
        access.certDir = certDir.map { FilePath($0) }
        access.tlsVerify = tlsVerify
        access.timeout = timeout
        access.retries = retries
        access.mirrors = try mirrors.map { try RegistryMirror(parsing: $0) }
        try access.choose(among: names)
        return access
    }

    /// The first line of standard input. An empty one is not of the form USER:PASSWORD, which is reported where it is used.
    private static func firstLine() throws -> String {
        readLine() ?? ""
    }

    /// Creates the tools of a verb that reads no spec of its own options.
    ///
    /// - Parameter images: the images of the command line.
    func tools(
        for images: [String], _ platform: PlatformOptions, _ limits: LimitOptions, quiet: Bool = false
    ) throws -> DockerTools {
        var tools = tools(try access(for: images), limits, quiet: quiet)
        tools.context.platform = platform.platform
        return tools
    }

    /// Creates the tools of a verb whose argument is a name in a registry, with or without `docker://`.
    func tools(forName name: String, _ limits: LimitOptions? = nil, quiet: Bool = false) throws -> DockerTools {
        tools(try access(forNames: [name]), limits, quiet: quiet)
    }

    private func tools(_ access: RegistryAccess, _ limits: LimitOptions?, quiet: Bool) -> DockerTools {
        var context = ProcessSetup.context(ConsoleReporter(isQuiet: quiet))
        context.registries = access
        limits?.apply(to: &context)
        return DockerTools(context: context)
    }
}
