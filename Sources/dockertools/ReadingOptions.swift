import ArgumentParser

/// How a spec is read, and how much is told: what verbs have in common that may be given a spec.
struct ReadingOptions: ParsableArguments {
    @Flag(name: .customLong("spec"), help: "Take the argument as a spec, whatever it is called.")
    var isSpec = false

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Override a key of the spec: config.User=nobody. May be repeated.", valueName: "key=value"))
    var sets: [String] = []

    @Flag(help: "Tell nothing but errors.")
    var quiet = false

    @OptionGroup(title: "Registries") var registries: RegistryOptions
}
