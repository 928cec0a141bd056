public import ArgumentParser
import Compression
import DockerTools
import JSON
public import OCI

extension MediaTypes: ExpressibleByArgument {}

/// `dockertools push`
struct PushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Push an image to a registry, without layers that the registry has.",
        discussion: """
            A layer is not uploaded if the repository has it, or if the registry can mount it from another repository. The \
            digests of layers are cached, so that an unchanged image is pushed again without reading its files.

            On a machine with an empty cache, the image in the registry is the cache: of the image with the name, else with \
            the first tag of -t that exists, else with the tag latest or the highest version, the manifest and the config \
            are read. They have the digests of the layers; and the annotation dev.dockertools.layer.key of a layer of store \
            paths is a digest of the paths, the hashes of their NARs (from the graph file or the Nix database) and their \
            owner, so that such a layer is found without reading its files. Who may push that image is trusted with what it \
            says of its layers. --no-remote-cache uses no such image.

            With --index several images for different platforms get one name: push --index amd64.toml arm64.toml REF

            Example:
              dockertools push image.toml registry.example/team/app:1.0

            It prints the name with its digest. With --json it prints one object instead:
              {name, tag, tags, digest, reference, sent, spared,
               images: [{imageID, digest, platform, layers: [{diffID, digest, size, status, storePaths, foundBy}]}]}
            digest is that of the manifest, or of the index; a layer's digest and size are those of its blob, its status is \
            uploaded, exists or mounted, foundBy is the image in a registry by which it was found, or null; sent and spared \
            are bytes of blobs.

            \(ReadingOptions.eventsDiscussion)
            """)

    @Argument(
        help: """
            The image, or the spec that it is built from, followed by its name in the registry, with or without docker://; with \
            --index several images before the name.
            """, completion: .file())
    var imagesAndName: [String]

    @Flag(help: "Push several images, and an index of them under the name.")
    var index = false

    @Option(name: .customLong("as"), help: "How the image of a spec is built (default: the keys of the spec decide).")
    var kind: ImageKind?

    @Option(
        help: """
            The compression of layers: none, gz or zstd (default: the spec's compressor; compressed layers stay unchanged).
            """)
    var compressor: Compressor?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A further tag for the image or the index; can be repeated.", valueName: "tag"))
    var tag: [String] = []

    @Option(
        help: """
            The media types of manifests: oci, or docker (Image Manifest Version 2, Schema 2) for registries that reject OCI's.
            """)
    var mediaTypes = MediaTypes.oci

    @Option(
        help: ArgumentHelp(
            """
            A further image in a registry whose layers are used where they fit; can be repeated. They are mounted if it is in \
            the same registry; if not, only their digests are used.
            """, valueName: "image"))
    var cacheFrom: [String] = []

    @Flag(help: "Use no images in registries as cache: a layer is hashed unless this machine's cache has its digest.")
    var noRemoteCache = false

    @Option(
        help: ArgumentHelp(
            "An annotation of the manifest, and of the index with --index; can be repeated.", valueName: "key=value"))
    var annotation: [String] = []

    @Option(
        help: ArgumentHelp("Write the digest of the pushed manifest or index to a file.", valueName: "path"),
        completion: .file())
    var digestFile: String?

    @Flag(help: "Print a JSON description of the push instead of the name.")
    var json = false

    @OptionGroup var platform: PlatformOptions
    @OptionGroup var reading: ReadingOptions

    func validate() throws {
        guard imagesAndName.count >= 2 else {
            throw ValidationError("Name an image, and its name in the registry.")
        }
        try platform.check(imagesAndName.dropLast(), isSpec: reading.isSpec)
        guard index || imagesAndName.count == 2 else {
            throw ValidationError("Several images with one name need --index.")
        }
        guard cacheFrom.isEmpty || !noRemoteCache else {
            throw ValidationError("Give either --cache-from or --no-remote-cache.")
        }
        _ = try annotations
    }

    /// The annotations by their keys.
    private var annotations: [String: String] {
        get throws {
            var annotations: [String: String] = [:]
            for text in annotation {
                guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                    throw ValidationError("--annotation takes KEY=VALUE, and not '\(text)'.")
                }
                annotations[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            return annotations
        }
    }

    func run() async throws {
        let (images, name) = (imagesAndName.dropLast(), imagesAndName[imagesAndName.count - 1])
        var tools = try reading.tools(forName: name, reportsEvents: json)
        tools.context.platform = platform.platform
        let result = try await tools.push(
            images.map { try ImageSource(parsing: $0, reading, as: kind) }, to: name, asIndex: index,
            compressor: compressor, tags: tag, mediaTypes: mediaTypes, annotations: annotations, cacheFrom: cacheFrom,
            usesRemoteCache: !noRemoteCache)
        if let digestFile, let digest = result.digest { try await tools.write(text: "\(digest)", to: digestFile) }
        try Console.write((json ? result.json.canonical : result.text) + "\n")
    }
}
