import ArgumentParser
import DockerTools
import MicroVM

/// `dockertools validate`
struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Compute all sizes and digests of an image anew, and tell every fault.",
        discussion: """
            Of all images of an archive, or of the one that PATH#NAME:TAG chooses. Exits with 0 if nothing is wrong, and with \
            65 if anything is.

            Example:
              dockertools validate image.tar.gz

            With --json it prints one object:
              {valid, images: [{names, imageID, layers: [{diffID, chainID, size}]}], faults: [{where, what, got, wanted}]}
            sizes in bytes of the plain tar; got and wanted are null where there is nothing to compare.
            """)

    @Argument(
        help: """
            The image: an archive, an OCI layout, PATH#NAME:TAG, oci:DIRECTORY:TAG, - for standard input, docker://NAME or \
            docker-daemon:NAME.
            """,
        completion: .file())
    var image: String

    @Flag(help: "Print as JSON.")
    var json = false

    @OptionGroup(title: "Registries") var registries: RegistryOptions

    func run() async throws {
        let validation = try await Validation.run(
            ImageLocation(image), context: registries.context(for: image),
            reporter: ConsoleReporter(isQuiet: false))
        try Console.write(json ? validation.json.canonical + "\n" : validation.text)
        if let failure = validation.failure { throw failure }
    }
}
