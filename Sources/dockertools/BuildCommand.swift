import ArgumentParser

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
