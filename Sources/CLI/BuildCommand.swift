import ArgumentParser
import DockerTools

/// `dockertools build`
struct BuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Build an image with one layer of its own.",
        discussion: """
            The files of contents are copied into the root, over the base image if fromImage names one; later contents replace \
            earlier ones. Store paths that the files refer to are included, unless the base has them. The command writes an \
            archive and prints its path.

            runAsRoot is a script that runs as root on this file system, in a virtual machine: `dockertools doctor` checks its \
            requirements.

            Example:
              dockertools build image.json -o image.tar.gz && docker load < image.tar.gz

            \(OutputOptions.discussion)
            """)

    @OptionGroup var spec: SpecOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let source = try spec.source(as: .build, keepsBuildArgs: !output.buildArgs.noBuildArgs)
        try output.results.print(try await spec.reading.tools().write(source, to: output.destination))
    }
}
