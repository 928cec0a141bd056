import ArgumentParser
import Compression
import DockerTools

/// `dockertools merge`
struct MergeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Write the images of several archives to one archive.",
        discussion: """
            All images of each archive are written, or the one that PATH#NAME:TAG chooses; the image of a spec is built. A layer \
            of several images is written once, and so is an image of several archives. Two different images with the same \
            name and tag are an error.

            Example:
              dockertools merge app.tar.gz database.tar.gz -o both.tar && docker load < both.tar

            With --json it prints one object instead of the output's path:
              {output, size, images: [{name, tag, names, imageID, layers: [{diffID, size, storePaths}]}]}
            sizes are in bytes; names has NAME:TAG for each name; name and tag are those of the first name, null without names.
            """)

    @Argument(help: "The images: archives, OCI layouts, or specs.", completion: .file())
    var images: [String]

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The output, - for standard output.", valueName: "path"),
        completion: .file())
    var output: String

    @Option(help: "The format of the output (default: oci-layout if the output ends in .oci, else docker-archive).")
    var format: ArchiveFormat?

    @Option(
        help: """
            The compression: none, gz or zstd, of a docker-archive, or of the layers in the OCI formats (default: by the \
            output's ending, else none).
            """)
    var compressor: Compressor?

    @Flag(help: "Give a name of two different images to the later one.")
    var lastWins = false

    @Flag(help: "Print nothing but errors.")
    var quiet = false

    @OptionGroup var results: ResultOptions
    @OptionGroup var platform: PlatformOptions
    @OptionGroup(title: "Registries") var registries: RegistryOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions

    func validate() throws {
        try platform.check(images)
    }

    func run() async throws {
        let tools = try registries.tools(for: images, platform, limits, quiet: quiet)
        let result = try await tools.merge(
            images.map { try ImageSource(parsing: $0) },
            to: ImageDestination(parsing: output, format: format, compressor: compressor, jsonFile: results.jsonFile),
            lastWins: lastWins)
        try results.print(result, \.jsonOfImages)
    }
}
