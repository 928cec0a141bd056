import ArgumentParser
import Compression
import DockerTools

/// `dockertools merge`
struct MergeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Write the images of several archives to one.",
        discussion: """
            All images of each archive go over, or the one that PATH#NAME:TAG chooses; a spec's image is made. A layer that \
            several images share is written once, and so is an image that several archives have. Two images of one name and \
            tag are an error.

            Example:
              dockertools merge app.tar.gz database.tar.gz -o both.tar && docker load < both.tar

            With --json it prints one object instead of the output's path:
              {output, size, images: [{name, tag, names, imageID, layers: [{diffID, size, storePaths}]}]}
            sizes in bytes; names has NAME:TAG for each name, and name and tag are the first one's, null where there is none.
            """)

    @Argument(help: "The images: archives, OCI layouts, or specs.", completion: .file())
    var images: [String]

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The output, - for standard output.", valueName: "path"),
        completion: .file())
    var output: String

    @Option(help: "The form of the output.")
    var format: ArchiveFormat = .dockerArchive

    @Option(help: "Compress with none, gz or zstd: a docker-archive, or the layers in the OCI formats.")
    var compressor: Compressor = .none

    @Flag(help: "Of two images of one name and tag the later has it.")
    var lastWins = false

    @Flag(help: "Tell nothing but errors.")
    var quiet = false

    @OptionGroup var results: ResultOptions
    @OptionGroup(title: "Registries") var registries: RegistryOptions

    func run() async throws {
        let result = try await Merge(
            images.map { ImageArgument($0) }, lastWins: lastWins, context: registries.context(for: images),
            reporter: ConsoleReporter(isQuiet: quiet)
        ).write(to: output, format: format, compressor: compressor, jsonFile: results.jsonFile)
        try results.report(result, \.jsonOfImages)
    }
}
