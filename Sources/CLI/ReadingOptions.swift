import ArgumentParser
import DockerTools

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
    @OptionGroup(title: "Virtual machine") var machine: VMOptions

    /// This process's context, with registries and virtual machines as the options say.
    ///
    /// - Parameter image: what the command line names, as `RegistryOptions` takes it.
    func context(for image: String? = nil) throws -> Context {
        with(try registries.context(for: [image].compactMap { $0 }))
    }

    /// The same where the command line names an image of a registry, with or without `docker://`.
    func context(forName name: String) throws -> Context { with(try registries.context(forName: name)) }

    private func with(_ context: Context) -> Context {
        var context = context
        context.virtualMachines = machine.settings
        return context
    }

    /// What the help of the verbs says that tell events.
    static let eventsDiscussion = """
        With --json standard error has an object a line of what goes on, for other programs: event is note, warning, script, \
        layer (number, of, title, size), fetched (digest, size) or pushed (number, of, digest, size, status).
        """

    /// Tells on standard error how the work goes on.
    ///
    /// - Parameter asEvents: to other programs, and not to people.
    func reporter(asEvents: Bool) -> any Reporter {
        asEvents ? EventReporter(isQuiet: quiet) : ConsoleReporter(isQuiet: quiet)
    }
}

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
