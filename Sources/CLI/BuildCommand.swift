import ArgumentParser
import Compression
import DockerTools

/// `dockertools build`
struct BuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Make an image with one layer of its own.",
        discussion: """
            The files of contents are copied into the root, over the base image if fromImage names one; later contents win. The \
            store paths that they refer to come along, unless the base has them. Writes an archive and prints its path.

            runAsRoot is a script that root runs over all that, in a virtual machine of its own: `dockertools doctor` tells what \
            that needs, and whether it works here.

            Example:
              dockertools build image.json -o image.tar.gz && docker load < image.tar.gz

            \(OutputOptions.discussion)
            """)

    @OptionGroup var spec: SpecOptions
    @OptionGroup var output: OutputOptions

    func run() async throws { try await output.write(spec, as: .build) }
}

/// `dockertools layered`
struct LayeredCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layered",
        abstract: "Make an image with a layer for each popular store path.",
        discussion: """
            Writes an archive and prints its path.

            Example:
              dockertools layered image.json -o image.tar.gz && docker load < image.tar.gz

            \(OutputOptions.discussion)

            \(RootEmulation.discussion)
            """)

    @OptionGroup var spec: SpecOptions
    @OptionGroup var output: OutputOptions

    func run() async throws { try await output.write(spec, as: .layered) }
}

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

            \(RootEmulation.discussion)
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
            spec.source, as: .stream, sets: spec.reading.sets, context: spec.reading.context(),
            reporter: ConsoleReporter(isQuiet: spec.reading.quiet), keepsBuildArgs: !noBuildArgs
        ).write(to: "-", compressor: Compressor.none, jsonFile: jsonFile)
        if let jsonFile { try ImageResult.write(result.json, to: jsonFile) }
    }
}
