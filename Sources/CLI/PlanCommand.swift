import ArgumentParser
import DockerTools
import JSON

/// `dockertools plan`
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show the planned layers of an image, and the reasons.",
        discussion: """
            Writes nothing, and reads no files of store layers unless it has to scan them for references.

            Example:
              dockertools plan image.json --set maxLayers=20

            With --json it prints one object:
              {name, size, layers: [{number, size, share, storePaths: [{path, reason}]}]}
            sizes are in bytes of the uncompressed tar; share is the layer's share of the image, 0 to 1.
            """)

    @OptionGroup var spec: SpecOptions

    @Option(name: .customLong("as"), help: "How the image is built (default: the keys of the spec decide).")
    var kind: ImageKind?

    @Flag(help: "Print the plan as JSON.")
    var json = false

    func run() async throws {
        let report = try await spec.reading.tools().plan(spec.source(as: kind?.verb))
        try Console.write(json ? report.json.canonical + "\n" : report.text)
    }
}
