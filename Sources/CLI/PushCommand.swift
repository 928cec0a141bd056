import ArgumentParser
import Compression
import DockerTools

/// `dockertools push`
struct PushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Push an image to a registry, without the layers that it has.",
        discussion: """
            Layers are compressed and sent straight from where their files lie; none is sent that the repository has, or \
            that the registry can take from another of its repositories. What a layer was compressed to is remembered, so \
            that an image that has not changed is pushed again without a file being read.

            With --index several images, each for another platform, become one name: push --index amd64.toml arm64.toml REF

            Example:
              dockertools push image.toml registry.example/team/app:1.0

            It prints the name with its digest. With --json it prints one object instead:
              {name, tag, digest, reference, sent, spared,
               images: [{imageID, digest, platform, layers: [{diffID, digest, size, status, storePaths}]}]}
            digest is that of the manifest, or of the index; a layer's digest and size are those of its blob, its status is \
            uploaded, exists or mounted; sent and spared are bytes of blobs.

            \(ReadingOptions.eventsDiscussion)
            """)

    @Argument(
        help: """
            The image, or the spec that it is made from, and then its name in the registry, with or without docker://; with \
            --index several images before the name.
            """, completion: .file())
    var imagesAndName: [String]

    @Flag(help: "Push several images, and an index of them under the name.")
    var index = false

    @Option(name: .customLong("as"), help: "How a spec's image is made (default: as its keys tell).")
    var kind: ImageKind?

    @Option(
        help: """
            Compress layers with none, gz or zstd (default: the spec's compressor; layers that are compressed stay as they are).
            """)
    var compressor: Compressor?

    @Option(
        help: ArgumentHelp("Write the digest of what was pushed to a file.", valueName: "path"), completion: .file())
    var digestFile: String?

    @Flag(help: "Print what is known of the push as JSON instead of the name.")
    var json = false

    @OptionGroup var reading: ReadingOptions

    func validate() throws {
        guard imagesAndName.count >= 2 else {
            throw ValidationError("Name an image, and then what it is to be called in the registry.")
        }
        guard index || imagesAndName.count == 2 else {
            throw ValidationError("Several images go under one name with --index alone.")
        }
    }

    func run() async throws {
        let (images, name) = (imagesAndName.dropLast(), imagesAndName[imagesAndName.count - 1])
        let result = try await Push(
            images.map { ImageArgument($0, isSpec: reading.isSpec, as: kind?.verb, sets: reading.sets) }, to: name,
            isIndex: index, compressor: compressor,
            context: reading.context(forName: name),
            reporter: reading.reporter(asEvents: json)
        ).run()
        if let digestFile { try result.writeDigest(to: digestFile) }
        try Console.write((json ? result.json.canonical : result.text) + "\n")
    }
}
