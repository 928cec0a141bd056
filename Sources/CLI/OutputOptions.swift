import ArgumentParser
import Compression
import DockerTools
import JSON

/// Where an image goes, and in what form.
struct OutputOptions: ParsableArguments {
    /// What the help of the verbs that have these says of them.
    static let discussion = """
        With --json it prints one object instead:
          {name, tag, imageID, output, size, layers: [{diffID, size, storePaths}]}
        sizes in bytes, size that of the output, a layer's that of its plain tar; digests as sha256:HEX.

        Docker before 23 does not read zstd: zstd -dc image.tar.zst | docker load
        skopeo 1.9 and podman 4.3 (Debian 12) misread any gzip archive: give them --compressor none or zstd
        """

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The output, - for standard output (default: the image's name and .tar, .tar.gz, .tar.zst or .oci).",
            valueName: "path"), completion: .file())
    var output: String?

    @Option(help: "The form of the output.")
    var format: ArchiveFormat = .dockerArchive

    @Option(
        help: """
            Compress with none, gz or zstd: a docker-archive, or the layers in the OCI formats (default: the spec's \
            compressor, gz).
            """)
    var compressor: Compressor?

    @Flag(
        name: .customLong("no-build-args"),
        help: "Leave out buildArgs.json, the arguments that the image was built with.")
    var noBuildArgs = false

    @OptionGroup var results: ResultOptions

    /// Makes the image of a spec and writes it here.
    func write(_ spec: SpecOptions, as verb: SpecVerb) async throws {
        let result = try await SpecBuild(
            spec.source, as: verb, sets: spec.reading.sets, context: spec.reading.context(),
            reporter: ConsoleReporter(isQuiet: spec.reading.quiet), keepsBuildArgs: !noBuildArgs
        ).write(to: output, format: format, compressor: compressor, jsonFile: results.jsonFile)
        try results.report(result)
    }
}

/// How the result of a verb that makes an image is told.
struct ResultOptions: ParsableArguments {
    @Flag(help: "Print what is known of the image as JSON instead of the output's path.")
    var json = false

    @Option(
        help: ArgumentHelp("Write that JSON to a file, where the image goes to standard output.", valueName: "path"),
        completion: .file())
    var jsonFile: String?

    /// - Parameter object: what is known, as JSON.
    func report(_ result: ImageResult, _ object: KeyPath<ImageResult, JSONValue> = \.json) throws {
        if let jsonFile { try ImageResult.write(result[keyPath: object], to: jsonFile) }
        guard result.output != "-" else { return }
        try Console.write((json ? result[keyPath: object].canonical : result.output) + "\n")
    }
}

extension Compressor: ExpressibleByArgument {}
extension ArchiveFormat: ExpressibleByArgument {}
