public import ArgumentParser
import Compression
import DockerTools
import JSON

/// The output of a built image: its place, format and compression.
struct OutputOptions: ParsableArguments {
    /// The part of a verb's help that describes the output.
    static let discussion = """
        With --json it prints one object instead:
          {name, tag, imageID, output, size, layers: [{diffID, size, storePaths}]}
        size is the size of the output, a layer's size that of its uncompressed tar, both in bytes; digests are sha256:HEX.

        Docker before 23 does not read zstd: zstd -dc image.tar.zst | docker load
        skopeo 1.9 and podman 4.3 (Debian 12) misread any gzip archive: use --compressor none or zstd for them
        """

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The output, - for standard output (default: the image's name and .tar, .tar.gz, .tar.zst or .oci).",
            valueName: "path"), completion: .file())
    var output: String?

    @Option(help: "The format of the output (default: oci-layout if the output ends in .oci, else docker-archive).")
    var format: ArchiveFormat?

    @Option(
        help: """
            The compression: none, gz or zstd, of a docker-archive, or of the layers in the OCI formats (default: the spec's \
            compressor, else by the output's ending, else gz).
            """)
    var compressor: Compressor?

    @OptionGroup var buildArgs: BuildArgsOptions
    @OptionGroup var results: ResultOptions

    /// The output as the library has it.
    var destination: ImageDestination {
        get throws {
            try ImageDestination(parsing: output, format: format, compressor: compressor, jsonFile: results.jsonFile)
        }
    }
}

/// The option that leaves out the build arguments.
struct BuildArgsOptions: ParsableArguments {
    @Flag(
        name: .customLong("no-build-args"),
        help: "Leave out buildArgs.json, the arguments that the image was built with.")
    var noBuildArgs = false
}

/// The options for the result of a verb that writes images.
struct ResultOptions: ParsableArguments {
    @Flag(help: "Print a JSON description of the image instead of the output's path.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "Write the JSON description to a file, if the image goes to standard output.", valueName: "path"),
        completion: .file())
    var jsonFile: String?

    /// Prints the result of a verb, unless the image went to standard output.
    ///
    /// - Parameter description: the JSON description.
    func print(_ result: ImageResult, _ description: KeyPath<ImageResult, JSONValue> = \.json) throws {
        guard result.output != "-" else { return }
        try Console.write((json ? result[keyPath: description].canonical : result.output) + "\n")
    }
}

extension Compressor: ExpressibleByArgument {}
extension ArchiveFormat: ExpressibleByArgument {}
