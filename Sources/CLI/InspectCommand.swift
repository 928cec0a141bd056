import ArgumentParser
import DockerTools

/// `dockertools inspect`
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show an image: its config, its layers and their sizes.",
        discussion: """
            IMAGE is a docker-archive, an OCI archive or an OCI layout, plain or compressed with gzip, zstd, xz or bzip2; - \
            reads standard input; PATH#NAME:TAG chooses one of several images. Or it is docker://NAME in a registry, whose layers \
            are not fetched, or docker-daemon:NAME. Of a spec its image is made, and not written.

            Example:
              dockertools inspect image.tar.gz

            With --json it prints one object:
              {name, tag, imageID, architecture, os, created, config, layers: [{diffID, size, …}], history}
            sizes in bytes, of the layer as it lies in the archive, of a spec's that of its plain tar.
            """)

    @OptionGroup var image: ImageOptions

    @Flag(help: "Print as JSON.")
    var json = false

    @Flag(name: .customLong("build-args"), help: "Print the arguments that the image was built with, as JSON.")
    var buildArgs = false

    func run() async throws {
        let inspection = try await ImageInspection.read(
            image.argument, context: image.context, reporter: ConsoleReporter(isQuiet: image.reading.quiet))
        if buildArgs {
            try Console.write(inspection.buildArgs().pretty + "\n")
        } else {
            try Console.write(json ? inspection.json.canonical + "\n" : inspection.text)
        }
    }
}
