import ArgumentParser
import DockerTools

/// What all verbs that take a spec have in common.
struct SpecOptions: ParsableArguments {
    @Argument(
        help: "The spec: a .json or .toml file, or - for standard input.",
        completion: .file(extensions: ["json", "toml"]))
    var spec: String

    @OptionGroup var reading: ReadingOptions

    /// The spec as a source.
    var source: SpecSource { get throws { try SpecSource(argument: spec, anyExtension: reading.isSpec) } }
}
