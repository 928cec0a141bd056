import ArgumentParser
import DockerTools

/// What all verbs that take an image, or a spec to make it from, have in common.
struct ImageOptions: ParsableArguments {
    @Argument(
        help: """
            The image: an archive or an OCI layout, PATH#NAME:TAG for one of several, oci:FOLDER:TAG, - for standard input; \
            docker://NAME in a registry, docker-daemon:NAME in a daemon; or a spec, .json or .toml.
            """, completion: .file())
    var image: String

    @Option(name: .customLong("as"), help: "How a spec's image is made (default: as its keys tell).")
    var kind: ImageKind?

    @OptionGroup var reading: ReadingOptions

    /// Where the verb runs.
    var surroundings: Surroundings { get throws { try reading.surroundings(for: image) } }

    var argument: ImageArgument { ImageArgument(image, isSpec: reading.isSpec, as: kind?.verb, sets: reading.sets) }
}
