import Archives
import ArgumentParser
import DockerTools

/// `dockertools stream`
struct StreamCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stream",
        abstract: "Write a layered image to standard output, uncompressed.",
        discussion: """
            The image is the one that `layered` makes; nothing is kept on disk.

            Example:
              dockertools stream image.toml | docker load
              dockertools stream image.toml | ssh host podman load

            With --json-file PATH the object that `layered --json` prints is written to a file.

            \(BelievedRoot.discussion)
            """)

    @OptionGroup var spec: SpecOptions

    @Flag(
        name: .customLong("no-build-args"),
        help: "Leave out buildArgs.json, the arguments that the image was built with.")
    var noBuildArgs = false

    @Option(
        help: ArgumentHelp("Write what is known of the image to a file, as JSON.", valueName: "path"),
        completion: .file())
    var jsonFile: String?

    func run() async throws {
        let result = try await SpecBuild(
            spec.source, as: .stream, sets: spec.reading.sets, surroundings: spec.reading.surroundings(),
            reporter: ConsoleReporter(isQuiet: spec.reading.quiet), keepsBuildArgs: !noBuildArgs
        ).write(to: "-", compressor: Compressor.none, jsonFile: jsonFile)
        if let jsonFile { try ImageResult.write(result.json, to: jsonFile) }
    }
}
