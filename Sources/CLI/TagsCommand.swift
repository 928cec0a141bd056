import ArgumentParser
import DockerTools
import JSON

/// `dockertools tags`
struct TagsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tags",
        abstract: "List the tags of a repository in a registry.",
        discussion: """
            Prints one tag on each line, in the registry's order.

            Example:
              dockertools tags registry.example/team/app

            With --json it prints one object:
              {name, tags}
            name is the repository with its registry, tags a list of strings.
            """)

    @Argument(help: "The name in the registry without a tag, with or without docker://.")
    var name: String

    @Flag(help: "Print as JSON.")
    var json = false

    @Flag(help: "Print nothing but the tags and errors.")
    var quiet = false

    @OptionGroup(title: "Registries") var registries: RegistryOptions

    func run() async throws {
        let tags = try await registries.tools(forName: name, quiet: quiet).tags(of: name)
        try Console.write(json ? tags.json.canonical + "\n" : tags.text)
    }
}
