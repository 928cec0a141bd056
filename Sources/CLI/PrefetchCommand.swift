import ArgumentParser
import DockerTools

/// `dockertools prefetch`
struct PrefetchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prefetch",
        abstract: "Print the arguments of nixpkgs' pullImage that pin an image of a registry.",
        discussion: """
            Has the arguments and the output of nix-prefetch-docker: a Nix set, or an object with --json. Fetched layers stay in \
            the cache, so that a pull does not fetch them again.

            Example:
              dockertools prefetch nixos/nix 1.11
              dockertools prefetch redis:7 --spec toml > redis.toml && dockertools pull redis.toml
            """)

    /// The syntax of a spec.
    enum SpecForm: String, CaseIterable, ExpressibleByArgument {
        case json, toml
    }

    @Argument(help: "The image: NAME, NAME:TAG or NAME@DIGEST.")
    var name: String?

    @Argument(help: ArgumentHelp("The tag or the digest.", valueName: "tag|digest"))
    var version: String?

    @Option(help: ArgumentHelp("The image, instead of the argument.", valueName: "name"))
    var imageName: String?

    @Option(help: ArgumentHelp("The tag (default: latest).", valueName: "tag"))
    var imageTag: String?

    @Option(help: ArgumentHelp("The digest.", valueName: "digest"))
    var imageDigest: String?

    @OptionGroup var pull: PullOptions

    @Flag(help: "Print an object instead of a Nix set.")
    var json = false

    @Option(help: "Print a spec for `pull`, as json or toml.")
    var spec: SpecForm?

    @Flag(help: "Print nothing but errors.")
    var quiet = false

    @OptionGroup(title: "Registries") var registries: RegistryOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions

    func validate() throws {
        guard (name == nil) != (imageName == nil) else {
            throw ValidationError("Name one image: NAME, or --image-name NAME.")
        }
        guard version == nil || (versionIsDigest ? imageDigest : imageTag) == nil else {
            throw ValidationError("'\(version ?? "")' and an option contradict each other.")
        }
        guard !json || spec == nil else { throw ValidationError("--json and --spec exclude each other.") }
    }

    /// Whether the second argument is a digest: tags have no colon.
    private var versionIsDigest: Bool { version?.contains(":") == true }

    func run() async throws {
        let name = name ?? imageName ?? ""
        let pinned = try await registries.tools(forName: name, limits, quiet: quiet).prefetch(
            name, tag: versionIsDigest ? imageTag : imageTag ?? version,
            digest: versionIsDigest ? version : imageDigest, pull.choices)
        let syntax: PinSyntax =
            switch spec {
            case .json: .json
            case .toml: .toml
            case nil: json ? .json : .nix
            }
        try Console.write(pinned.text(syntax))
    }
}
