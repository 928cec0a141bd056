import ArgumentParser
import DockerTools
import JSON
import MicroVM

/// `dockertools validate`
struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Recompute all sizes and digests of an image, and print every fault.",
        discussion: """
            Validates all images of an archive, or the one that PATH#NAME:TAG chooses. Exits with 0 if there are no faults, and \
            with 65 otherwise. Notes name what is unusual, but accepted by all readers.

            Example:
              dockertools validate image.tar.gz

            With --json it prints one object:
              {valid, images: [{names, imageID, layers: [{diffID, chainID, size}]}], faults: [{where, what, got, wanted}], \
              notes: [{where, what, got, wanted}]}
            sizes are in bytes of the uncompressed tar; got and wanted are null if nothing is compared.
            """)

    @Argument(
        help: """
            The image: an archive, an OCI layout, PATH#NAME:TAG, oci:DIRECTORY:NAME, dir:DIRECTORY, - for standard input, \
            docker://NAME or docker-daemon:NAME.
            """,
        completion: .file())
    var image: String

    @Flag(help: "Print as JSON.")
    var json = false

    @OptionGroup var platform: PlatformOptions
    @OptionGroup(title: "Registries") var registries: RegistryOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions

    func validate() throws {
        try platform.check([image])
    }

    func run() async throws {
        let tools = try registries.tools(for: [image], platform, limits)
        let validation = try await tools.validate(ImageSource(parsing: image, spec: nil))
        try Console.write(json ? validation.json.canonical + "\n" : validation.text)
        if let failure = validation.failure { throw failure }
    }
}
