import ArgumentParser
import DockerTools

/// `dockertools layered`
struct LayeredCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layered",
        abstract: "Build an image with a layer for each popular store path.",
        discussion: """
            Writes an archive and prints its path.

            Example:
              dockertools layered image.json -o image.tar.gz && docker load < image.tar.gz

            \(OutputOptions.discussion)

            \(Self.rootEmulation)
            """)

    /// The part of a verb's help that describes fakeRootCommands.
    static let rootEmulation = """
        fakeRootCommands does not need root. It uses the first of these methods that works:
          root runs the commands directly;
          a user with a range in /etc/subuid and /etc/subgid runs them in a user
          namespace (package uidmap), with fakeroot for devices if it is installed;
          other users run them under fakeroot (package fakeroot), which has no effect
          on statically linked programs.
        enableFakechroot needs one of the first two methods. In a user namespace it
        cannot create devices.
        """

    @OptionGroup var spec: SpecOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let source = try spec.source(as: .layered, keepsBuildArgs: !output.buildArgs.noBuildArgs)
        try output.results.print(try await spec.reading.tools().write(source, to: output.destination))
    }
}
