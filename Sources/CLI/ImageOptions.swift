import ArgumentParser
import DockerTools

/// What all verbs that take an image, or a spec to make it from, have in common.
struct ImageOptions: ParsableArguments {
    @Argument(
        help: """
            The image: an archive or an OCI layout, PATH#NAME:TAG for one of several, oci:DIRECTORY:TAG, - for standard input; \
            docker://NAME in a registry, docker-daemon:NAME in a daemon; or a spec, .json or .toml.
            """, completion: .file())
    var image: String

    @Option(name: .customLong("as"), help: "How a spec's image is made (default: as its keys tell).")
    var kind: ImageKind?

    @OptionGroup var reading: ReadingOptions

    /// Where the verb runs.
    var context: Context { get throws { try reading.context(for: image) } }

    var argument: ImageArgument { ImageArgument(image, isSpec: reading.isSpec, as: kind?.verb, sets: reading.sets) }
}

/// How the image of a spec is made where the verb does not say (`--as`).
enum ImageKind: String, CaseIterable, ExpressibleByArgument {
    case build, layered

    var verb: SpecVerb {
        switch self {
        case .build: .build
        case .layered: .layered
        }
    }
}
