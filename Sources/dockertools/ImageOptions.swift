import ArgumentParser
import DockerTools

/// What all verbs that take an image, or a spec to make it from, have in common.
struct ImageOptions: ParsableArguments {
    @Argument(
        help: """
            The image: an archive or an OCI layout, PATH#NAME:TAG for one of several, oci:FOLDER:TAG, - for standard input; \
            or a spec, .json or .toml.
            """, completion: .file())
    var image: String

    @Flag(name: .customLong("spec"), help: "Take the argument as a spec, whatever it is called.")
    var isSpec = false

    @Option(name: .customLong("as"), help: "How a spec's image is made (default: as its keys tell).")
    var kind: ImageKind?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Override a key of the spec: config.User=nobody. May be repeated.", valueName: "key=value"))
    var sets: [String] = []

    @Flag(help: "Tell nothing but errors.")
    var quiet = false

    var argument: ImageArgument { ImageArgument(image, isSpec: isSpec, as: kind?.verb, sets: sets) }
}
