import ArgumentParser
import DockerTools

/// `dockertools layered`
struct LayeredCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layered",
        abstract: "Make an image with a layer for each popular store path.",
        discussion: """
            Writes a docker-archive and prints its path.

            Example:
              dockertools layered image.json -o image.tar.gz && docker load < image.tar.gz

            With --json it prints one object instead:
              {name, tag, imageID, output, size, layers: [{diffID, size, storePaths}]}
            sizes in bytes, size that of the output, a layer's that of its plain tar; digests as sha256:HEX.

            Docker before 23 does not read zstd: zstd -dc image.tar.zst | docker load
            skopeo 1.9 and podman 4.3 (Debian 12) misread any gzip archive: give them --compressor none or zstd
            """)

    @OptionGroup var spec: SpecOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let surroundings = Surroundings.ofProcess
        let reporter = ConsoleReporter(isQuiet: spec.quiet)
        let image = try spec.load(for: .layered, in: surroundings, reporter: reporter)
        let result = try await LayeredBuild(
            spec: image, surroundings: surroundings, reporter: reporter, keepsBuildArgs: !output.noBuildArgs
        ).write(
            to: output.output, compressor: output.compressor, specPath: spec.spec, jsonFile: output.results.jsonFile)
        try output.results.report(result)
    }
}
