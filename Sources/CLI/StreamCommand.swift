import ArgumentParser
import Compression
import DockerTools

/// `dockertools stream`
struct StreamCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stream",
        abstract: "Write a layered image to standard output, uncompressed.",
        discussion: """
            The image is the same as that of `layered`; nothing is stored on disk.

            Example:
              dockertools stream image.toml | docker load
              dockertools stream image.toml | ssh host podman load

            With --json-file PATH the object that `layered --json` prints is written to a file.

            \(LayeredCommand.rootEmulation)
            """)

    @OptionGroup var spec: SpecOptions
    @OptionGroup var buildArgs: BuildArgsOptions

    @Option(
        help: ArgumentHelp("Write a JSON description of the image to a file.", valueName: "path"),
        completion: .file())
    var jsonFile: String?

    func run() async throws {
        let source = try spec.source(as: .stream, keepsBuildArgs: !buildArgs.noBuildArgs)
        try await spec.reading.tools()
            .write(source, to: ImageDestination("-", compressor: Compressor.none, jsonFile: jsonFile))
    }
}
