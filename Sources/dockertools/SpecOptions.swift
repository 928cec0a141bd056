import ArgumentParser
import DockerTools

/// What all verbs that take a spec have in common.
struct SpecOptions: ParsableArguments {
    @Argument(
        help: "The spec: a .json or .toml file, or - for standard input.",
        completion: .file(extensions: ["json", "toml"]))
    var spec: String

    @Flag(name: .customLong("spec"), help: "Take the argument as a spec, whatever it is called.")
    var isSpec = false

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Override a key of the spec: config.User=nobody. May be repeated.", valueName: "key=value"))
    var sets: [String] = []

    @Flag(help: "Tell nothing but errors.")
    var quiet = false

    /// The spec as a source.
    var source: SpecSource { get throws { try SpecSource(argument: spec, anyExtension: isSpec) } }
}
