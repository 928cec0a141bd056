import ArgumentParser
import DockerTools

/// `dockertools plan`
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show the layers that an image would have, and why.",
        discussion: """
            Writes nothing, and reads no file that goes into a store layer unless it has to scan for references.

            Example:
              dockertools plan image.json --set maxLayers=20

            With --json it prints one object:
              {name, size, layers: [{number, size, share, storePaths: [{path, reason}]}]}
            sizes in bytes of the plain tar; share is the layer's part of the image, 0 to 1.
            """)

    @OptionGroup var spec: SpecOptions

    @Option(name: .customLong("as"), help: "How the image is made (default: as the spec's keys tell).")
    var kind: ImageKind?

    @Flag(help: "Print the plan as JSON.")
    var json = false

    func run() async throws {
        let report = try await PlanReport.make(
            spec.source, as: kind?.verb, sets: spec.reading.sets, context: spec.reading.context(),
            reporter: ConsoleReporter(isQuiet: spec.reading.quiet))
        try Console.write(json ? report.json.canonical + "\n" : report.text)
    }
}
