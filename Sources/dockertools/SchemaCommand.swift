import ArgumentParser
import DockerTools

/// `dockertools schema`
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of specs.",
        discussion: """
            Draft 2020-12. Editors complete and check specs with it.

            Example:
              dockertools schema > dockertools.schema.json
            """)

    func run() throws {
        try Console.write(SpecSchema.value.pretty + "\n")
    }
}
