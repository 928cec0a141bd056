import ArgumentParser
import DockerTools

/// `dockertools pull`
struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Pull an image from a registry, and check its hash.",
        discussion: """
            The image is a spec with the arguments of nixpkgs' pullImage, or NAME, NAME:TAG or NAME@DIGEST; a name without a \
            registry is one of Docker Hub. The archive has the bytes that `skopeo copy` writes to a docker-archive, so that a \
            sha256 for pullImage is valid for it. The hash is the one of this archive in the OCI formats as well.

            Example:
              dockertools pull redis:7 --sha256 sha256-…= -o redis.tar && docker load < redis.tar
              dockertools pull redis.json

            With --json it prints one object:
              {name, tag, imageID, output, size, layers: [{diffID, size, storePaths}], digest, sha256}
            digest is that of the manifest or its index, sha256 that of the docker-archive, null if it was not computed. Options \
            take precedence over the spec.

            \(ReadingOptions.eventsDiscussion)
            """)

    @Argument(
        help: "The image: a spec, .json, .toml or - for standard input; or a name in a registry.", completion: .file())
    var image: String

    @Option(
        name: .customLong("sha256"),
        help: ArgumentHelp(
            "The expected hash of the docker-archive: Nix base-32, hexadecimal or SRI.", valueName: "hash"))
    var sha256: String?

    @Option(help: ArgumentHelp("The variant of the processor, such as v7 of arm (default: any).", valueName: "name"))
    var variant: String?

    @OptionGroup var pull: PullOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The output, - for standard output (default: the last part of the name, and .tar or .oci).",
            valueName: "path"), completion: .file())
    var output: String?

    @Option(help: "The format of the output (default: oci-layout if the output ends in .oci, else docker-archive).")
    var format: ArchiveFormat?

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var results: ResultOptions

    private var isSpec: Bool { reading.isSpec || image == "-" || SpecSource.isSpec(image) }

    func validate() throws {
        guard pull.platform.platform == nil || variant == nil else { throw PullOptions.platformTwice }
        guard isSpec || reading.sets.isEmpty else {
            throw ValidationError("--set overrides a key of a spec, but '\(image)' is not a spec.")
        }
    }

    func run() async throws {
        var choices = pull.choices
        (choices.sha256, choices.variant) = (sha256, variant)
        let tools =
            isSpec
            ? try reading.tools(reportsEvents: results.json)
            : try reading.tools(forName: image, reportsEvents: results.json)
        let source: PullSource =
            isSpec
            ? .specFile(try SpecSource(argument: image, anyExtension: reading.isSpec), overrides: reading.sets)
            : .name(image)
        let destination = try ImageDestination(parsing: output, format: format, jsonFile: results.jsonFile)
        try results.print(try await tools.pull(source, choices, to: destination))
    }
}

/// The options that `pull` and `prefetch` share: the platform and the name in the archive.
struct PullOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The operating system to pull for (default: linux).", valueName: "name"))
    var os: String?

    @Option(
        help: ArgumentHelp(
            """
            The processor to pull for, by Go's name (default: amd64 on every machine; prefetch: this machine's).
            """, valueName: "name"))
    var arch: String?

    @OptionGroup var platform: PlatformOptions

    @Option(
        help: ArgumentHelp("The name in the archive (default: the image's name).", valueName: "name"))
    var finalImageName: String?

    @Option(help: ArgumentHelp("The tag in the archive (default: the image's tag, else latest).", valueName: "tag"))
    var finalImageTag: String?

    static let platformTwice = ValidationError("--platform replaces --os, --arch and --variant.")

    func validate() throws {
        guard platform.platform == nil || (os == nil && arch == nil) else { throw Self.platformTwice }
    }

    /// The settings as the library has them.
    var choices: PullChoices {
        var choices = PullChoices()
        (choices.platform, choices.os, choices.arch) = (platform.platform, os, arch)
        (choices.finalImageName, choices.finalImageTag) = (finalImageName, finalImageTag)
        return choices
    }
}
