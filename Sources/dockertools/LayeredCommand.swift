import ArgumentParser
import DockerTools

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

            \(BelievedRoot.discussion)
            """)

    @OptionGroup var spec: SpecOptions
    @OptionGroup var output: OutputOptions

    func run() async throws { try await output.write(spec, as: .layered) }
}
