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
    @OptionGroup(title: "Virtual machine") var machine: MachineOptions

    /// This process's surroundings, with registries and virtual machines as the options say.
    ///
    /// - Parameter image: what the command line names, as `RegistryOptions` takes it.
    func surroundings(for image: String? = nil) throws -> Surroundings {
        with(try registries.surroundings(for: [image].compactMap { $0 }))
    }

    /// The same where the command line names an image of a registry, with or without `docker://`.
    func surroundings(forName name: String) throws -> Surroundings { with(try registries.surroundings(forName: name)) }

    private func with(_ surroundings: Surroundings) -> Surroundings {
        var surroundings = surroundings
        surroundings.virtualMachines = machine.settings
        return surroundings
    }

    /// What the help of the verbs says that tell events.
    static let eventsDiscussion = """
        With --json standard error has an object a line of what goes on, for other programs: event is note, warning, script, \
        layer (number, of, title, size), fetched (digest, size) or pushed (number, of, digest, size, way).
        """

    /// Tells on standard error how the work goes on.
    ///
    /// - Parameter asEvents: to other programs, and not to people.
    func reporter(asEvents: Bool) -> any Reporter {
        asEvents ? EventReporter(isQuiet: quiet) : ConsoleReporter(isQuiet: quiet)
    }
}
