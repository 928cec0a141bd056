import ArgumentParser
import DockerTools
import Glibc
import SystemPackage

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

    /// Reads the spec.
    func load(for verb: SpecVerb, in surroundings: Surroundings, reporter: some Reporter) throws -> ImageSpec {
        let source = try SpecSource(argument: spec, anyExtension: isSpec)
        let image = try ImageSpec.load(
            source, sets: sets, verb: verb, environment: surroundings.environment,
            currentDirectory: surroundings.currentDirectory)
        for warning in image.warnings { reporter.warn(warning) }
        return image
    }
}
