public import ArgumentParser
import DockerTools

/// `dockertools export`
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write an image's root file system as one tar or squashfs.",
        discussion: """
            All layers are merged, without a daemon, a virtual machine or root, and nothing is unpacked. The tar is suitable for \
            `docker import`: ./ first, then everything below it, with owners, modes, times and extended attributes.

            Example:
              dockertools export image.tar.gz -o - | docker import - flat

            With --json it prints one object instead of the output's path:
              {name, tag, imageID, output, size, layers: [{diffID, size, storePaths}]}
            of the exported image; size is the size of the output, a layer's size that of its uncompressed tar, both in bytes.
            """)

    @OptionGroup var image: ImageOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The output, - for standard output (default: the image's name and -rootfs.tar or -rootfs.squashfs).",
            valueName: "path"),
        completion: .file())
    var output: String?

    @Option(
        help: """
            The format of the output: tar, or squashfs, which needs the program sqfstar (Debian: squashfs-tools) (default: \
            by the output's ending, else tar).
            """)
    var format: ExportFormat?

    @OptionGroup var results: ResultOptions

    func run() async throws {
        let result = try await image.tools().export(
            image.source, to: output, format: format, jsonFile: results.jsonFile, describesImage: results.json)
        try results.print(result)
    }
}

extension ExportFormat: ExpressibleByArgument {}
