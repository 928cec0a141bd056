import ArgumentParser
import DockerTools

/// `dockertools pull`
struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Bring an image from a registry, and check that it is the one that was meant.",
        discussion: """
            The image is a spec with the arguments of nixpkgs' pullImage, or NAME, NAME:TAG or NAME@DIGEST; Docker Hub's without \
            a registry before it. The archive has the bytes that `skopeo copy` writes to a docker-archive, so that a sha256 \
            pinned for pullImage is right for it. In the OCI formats the hash is of that archive all the same.

            Example:
              dockertools pull redis:7 --sha256 sha256-…= -o redis.tar && docker load < redis.tar
              dockertools pull redis.json

            With --json it prints one object:
              {name, tag, imageID, output, size, layers: [{diffID, size, storePaths}], digest, sha256}
            digest is the manifest's or its index's, sha256 that of the docker-archive, null where nobody had to know it. Options \
            go before what a spec says.

            \(ReadingOptions.eventsDiscussion)
            """)

    @Argument(
        help: "The image: a spec, .json, .toml or - for standard input; or a name in a registry.", completion: .file())
    var image: String

    @Option(
        name: .customLong("sha256"),
        help: ArgumentHelp(
            "The hash that the docker-archive should have: Nix base-32, hexadecimal or SRI.", valueName: "hash"))
    var sha256: String?

    @Option(help: ArgumentHelp("The processor's variant, such as v7 of arm (default: any).", valueName: "name"))
    var variant: String?

    @OptionGroup var pull: PullOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The output, - for standard output (default: the last part of the name, and .tar or .oci).",
            valueName: "path"), completion: .file())
    var output: String?

    @Option(help: "The form of the output.")
    var format: ArchiveFormat = .dockerArchive

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var results: ResultOptions

    private var isSpec: Bool { reading.isSpec || image == "-" || SpecSource.isSpec(image) }

    func validate() throws {
        guard isSpec || reading.sets.isEmpty else {
            throw ValidationError("--set overrides a key of a spec, and '\(image)' is none.")
        }
    }

    func run() async throws {
        let reporter = reading.reporter(asEvents: results.json)
        var choices = pull.choices
        (choices.sha256, choices.variant) = (sha256, variant)
        let pulling =
            isSpec
            ? try Pull(
                spec: SpecSource(argument: image, anyExtension: reading.isSpec), sets: reading.sets, choices: choices,
                context: reading.context(), reporter: reporter)
            : try Pull(
                name: image, choices: choices, context: reading.context(forName: image),
                reporter: reporter)
        try results.report(try await pulling.write(to: output, format: format, jsonFile: results.jsonFile))
    }
}

/// Which image is pulled, and what it is called then: what `pull` and `prefetch` have in common.
struct PullOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The operating system to pull for (default: linux).", valueName: "name"))
    var os: String?

    @Option(
        help: ArgumentHelp(
            """
            The processor to pull for, by Go's name (default: amd64, whatever this machine is; of prefetch this machine's).
            """, valueName: "name"))
    var arch: String?

    @Option(
        help: ArgumentHelp("The name in the archive (default: the image's own).", valueName: "name"))
    var finalImageName: String?

    @Option(help: ArgumentHelp("The tag in the archive (default: the image's own, else latest).", valueName: "tag"))
    var finalImageTag: String?

    var choices: PullChoices {
        var choices = PullChoices()
        (choices.os, choices.arch) = (os, arch)
        (choices.finalImageName, choices.finalImageTag) = (finalImageName, finalImageTag)
        return choices
    }
}
