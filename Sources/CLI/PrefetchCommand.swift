import ArgumentParser
import DockerTools

/// `dockertools prefetch`
struct PrefetchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prefetch",
        abstract: "Print what pins an image of a registry: the arguments of nixpkgs' pullImage.",
        discussion: """
            Takes what nix-prefetch-docker takes, and prints what it prints: a Nix set, or an object with --json. What it brings \
            stays in the cache, so that a pull need not bring it again.

            Example:
              dockertools prefetch nixos/nix 1.11
              dockertools prefetch redis:7 --spec toml > redis.toml && dockertools pull redis.toml
            """)

    /// The forms of a spec.
    enum SpecForm: String, CaseIterable, ExpressibleByArgument {
        case json, toml
    }

    @Argument(help: "The image: NAME, NAME:TAG or NAME@DIGEST.")
    var name: String?

    @Argument(help: ArgumentHelp("Its tag or its digest.", valueName: "tag|digest"))
    var version: String?

    @Option(help: ArgumentHelp("The image, in place of the argument.", valueName: "name"))
    var imageName: String?

    @Option(help: ArgumentHelp("Its tag (default: latest).", valueName: "tag"))
    var imageTag: String?

    @Option(help: ArgumentHelp("Its digest.", valueName: "digest"))
    var imageDigest: String?

    @OptionGroup var pull: PullOptions

    @Flag(help: "Print an object instead of a Nix set.")
    var json = false

    @Option(help: "Print a spec for `pull`, as json or toml.")
    var spec: SpecForm?

    @Flag(help: "Tell nothing but errors.")
    var quiet = false

    @OptionGroup(title: "Registries") var registries: RegistryOptions

    func validate() throws {
        guard (name == nil) != (imageName == nil) else {
            throw ValidationError("Name one image: NAME, or --image-name NAME.")
        }
        guard version == nil || (versionIsDigest ? imageDigest : imageTag) == nil else {
            throw ValidationError("'\(version ?? "")' and an option say two different things of the image.")
        }
        guard !json || spec == nil else { throw ValidationError("--json and --spec are two forms: choose one.") }
    }

    /// No tag has a colon.
    private var versionIsDigest: Bool { version?.contains(":") == true }

    func run() async throws {
        let prefetch = try Prefetch(
            name ?? imageName ?? "", tag: versionIsDigest ? imageTag : imageTag ?? version,
            digest: versionIsDigest ? version : imageDigest, choices: pull.choices,
            context: registries.context(forName: name ?? imageName ?? ""),
            reporter: ConsoleReporter(isQuiet: quiet))
        let syntax: PinSyntax =
            switch spec {
            case .json: .json
            case .toml: .toml
            case nil: json ? .json : .nix
            }
        try Console.write(try await prefetch.text(syntax))
    }
}
