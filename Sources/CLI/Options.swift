import ArgumentParser
import DockerTools

/// The options of all verbs that may read a spec.
struct ReadingOptions: ParsableArguments {
    @Flag(name: .customLong("spec"), help: "Read the argument as a spec, whatever its name is.")
    var isSpec = false

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Override a key of the spec, or of the image that push and load take: config.User=nobody. May be repeated.",
            valueName: "key=value"))
    var sets: [String] = []

    @Flag(help: "Print nothing but errors.")
    var quiet = false

    @Flag(help: "Give extraCommands and fakeRootCommands this machine's network.")
    var scriptNetwork = false

    @OptionGroup(title: "Registries") var registries: RegistryOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions
    @OptionGroup(title: "Virtual machine") var machine: VMOptions

    /// The part of a verb's help that describes events.
    static let eventsDiscussion = """
        With --json, standard error has one JSON object on each line for other programs: event is note, warning, script, \
        layer (number, of, title, size), fetched (digest, size) or pushed (number, of, digest, size, status).
        """

    /// Creates the tools for a verb.
    ///
    /// - Parameters:
    ///   - image: the image of the command line; options for a registry apply to its registry if it is `docker://NAME`.
    ///   - reportsEvents: whether progress is reported to other programs instead of people.
    func tools(for image: String? = nil, reportsEvents: Bool = false) throws -> DockerTools {
        tools(try registries.access(for: [image].compactMap { $0 }), reportsEvents)
    }

    /// Creates the tools for a verb whose argument is a name in a registry, with or without `docker://`.
    func tools(forName name: String, reportsEvents: Bool = false) throws -> DockerTools {
        tools(try registries.access(forNames: [name]), reportsEvents)
    }

    private func tools(_ registries: RegistryAccess, _ reportsEvents: Bool) -> DockerTools {
        let reporter: any Reporter = reportsEvents ? EventReporter(isQuiet: quiet) : ConsoleReporter(isQuiet: quiet)
        var context = ProcessSetup.context(reporter)
        context.registries = registries
        limits.apply(to: &context)
        context.virtualMachines = machine.settings
        context.scriptsHaveNetwork = scriptNetwork
        return DockerTools(context: context)
    }
}

/// The options of all verbs that take a spec.
struct SpecOptions: ParsableArguments {
    @Argument(
        help: "The spec: a .json or .toml file, or - for standard input.",
        completion: .file(extensions: ["json", "toml"]))
    var spec: String

    @OptionGroup var reading: ReadingOptions

    /// The image of the spec.
    ///
    /// - Parameter verb: the way in which the image is built; nil: the keys of the spec decide.
    func source(as verb: SpecVerb?, keepsBuildArgs: Bool = true) throws -> ImageSource {
        .specFile(
            try SpecSource(argument: spec, anyExtension: reading.isSpec),
            SpecReading(as: verb, overrides: reading.sets, keepsBuildArgs: keepsBuildArgs))
    }
}

/// The options of all verbs that take an image or a spec.
struct ImageOptions: ParsableArguments {
    @Argument(
        help: """
            The image: an archive or an OCI layout, PATH#NAME:TAG for one of several, oci:DIRECTORY:NAME, dir:DIRECTORY, \
            docker-archive:FILE, oci-archive:FILE, - for standard input; docker://NAME in a registry, docker-daemon:NAME in a \
            daemon; or a spec, .json or .toml.
            """, completion: .file())
    var image: String

    @Option(name: .customLong("as"), help: "How the image of a spec is built (default: the keys of the spec decide).")
    var kind: ImageKind?

    @OptionGroup var platform: PlatformOptions
    @OptionGroup var reading: ReadingOptions

    func validate() throws {
        try platform.check([image], isSpec: reading.isSpec)
    }

    /// Creates the tools for the verb.
    func tools(reportsEvents: Bool = false) throws -> DockerTools {
        var tools = try reading.tools(for: image, reportsEvents: reportsEvents)
        tools.context.platform = platform.platform
        return tools
    }

    /// The image or spec.
    var source: ImageSource { get throws { try .init(parsing: image, reading, as: kind) } }
}

/// The way in which the image of a spec is built if the verb does not say (`--as`).
enum ImageKind: String, CaseIterable, ExpressibleByArgument {
    case build, layered

    /// The way as the library has it.
    var verb: SpecVerb {
        switch self {
        case .build: .build
        case .layered: .layered
        }
    }
}

extension ImageSource {
    /// Parses an image or a spec of the command line.
    init(parsing text: String, _ reading: ReadingOptions, as kind: ImageKind?) throws {
        try self.init(
            parsing: text, spec: SpecReading(as: kind?.verb, overrides: reading.sets), isSpec: reading.isSpec)
    }
}
