import ArgumentParser
import DockerTools
import SystemPackage

/// How registries are reached: what all verbs that talk to one have in common.
struct RegistryOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Log in to the registry with these, and no others.", valueName: "user:password"))
    var creds: String?

    @Option(
        help: ArgumentHelp(
            "Look up credentials in this file alone (default: where docker and podman keep them).", valueName: "path"),
        completion: .file())
    var authfile: String?

    @Option(
        help: ArgumentHelp("Trust the authorities in this folder (*.crt), too.", valueName: "path"),
        completion: .directory)
    var certDir: String?

    @Option(
        help: ArgumentHelp(
            "With false the registry's certificate is not checked, and it need not have one.",
            valueName: "true|false"))
    var tlsVerify = true

    @Option(help: ArgumentHelp("Give up on a server that is silent for so long.", valueName: "seconds"))
    var timeout = 60.0

    @Option(help: ArgumentHelp("Ask again so often where that may help.", valueName: "number"))
    var retries = 4

    func validate() throws {
        guard timeout > 0, timeout.isFinite else { throw ValidationError("--timeout takes seconds, more than 0.") }
        guard retries >= 0 else { throw ValidationError("--retries takes a number, 0 or more.") }
    }

    /// Those of this process, with registries reached so.
    var surroundings: Surroundings {
        var surroundings = Surroundings.ofProcess
        surroundings.registries.credentials = creds
        surroundings.registries.authFile = authfile.map { FilePath($0) }
        surroundings.registries.certDir = certDir.map { FilePath($0) }
        surroundings.registries.tlsVerify = tlsVerify
        surroundings.registries.timeout = timeout
        surroundings.registries.retries = retries
        return surroundings
    }
}
