import ArgumentParser
import DockerTools
import JSON

/// `dockertools inspect`
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show the config and the layers of an image.",
        discussion: """
            IMAGE is a docker-archive, an OCI archive or an OCI layout, uncompressed or compressed with gzip, zstd, xz or bzip2; \
            - reads standard input; PATH#NAME:TAG chooses one of several images. It can also be docker://NAME in a registry, \
            whose layers are not fetched, or docker-daemon:NAME. The image of a spec is built, but not written.

            Example:
              dockertools inspect image.tar.gz

            With --json it prints one object:
              {name, tag, imageID, architecture, os, created, config, layers: [{diffID, size, …}], history, \
              artifacts: [{digest, type, names}]}
            sizes are in bytes, of the layer in the archive, or of the uncompressed tar if the image is built from a spec. \
            Artifacts are what an OCI layout has beside its images: SBOMs, signatures, attestations.
            """)

    @OptionGroup var image: ImageOptions

    @Flag(help: "Print as JSON.")
    var json = false

    @Flag(name: .customLong("build-args"), help: "Print the arguments that the image was built with, as JSON.")
    var buildArgs = false

    func run() async throws {
        let inspection = try await image.tools().inspect(image.source)
        if buildArgs {
            try Console.write(inspection.buildArgs().pretty + "\n")
        } else {
            try Console.write(json ? inspection.json.canonical + "\n" : inspection.text)
        }
    }
}
