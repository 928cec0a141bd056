import ArgumentParser
import DockerTools
import JSON

/// `dockertools inspect`
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show an image, or the index of images for several platforms.",
        discussion: """
            IMAGE is a docker-archive, an OCI archive or an OCI layout, uncompressed or compressed with gzip, zstd, xz or bzip2; \
            - reads standard input; PATH#NAME:TAG chooses one of several images. It can also be docker://NAME in a registry, \
            whose layers are not fetched, or docker-daemon:NAME. The image of a spec is built, but not written.

            Example:
              dockertools inspect image.tar.gz

            With --json it prints one object:
              {name, tag, imageID, architecture, os, created, config, layers: [{diffID, size, …}], history, \
              artifacts: [{digest, type, names}]}
            sizes are in bytes, of the layer in the archive, or of the uncompressed tar if the image is built from a spec. \
            Artifacts are what an OCI layout has beside its images: SBOMs, signatures, attestations.

            Of an index in a registry, an OCI layout or an OCI archive it shows the manifests; --platform shows one image. With \
            --json an index is one object:
              {names, digest, mediaType, annotations, manifests: [{platform, digest, mediaType, size, annotations, \
              config: {digest, size, mediaType}, layers: [{digest, size, mediaType}]}], \
              artifacts: [{artifactType, subject, …}]}
            size is the size of config and layers as they are stored; artifacts have the members of manifests as well.
            """)

    @OptionGroup var image: ImageOptions

    @Flag(help: "Print as JSON.")
    var json = false

    @Flag(name: .customLong("build-args"), help: "Print the arguments that the image was built with, as JSON.")
    var buildArgs = false

    @Flag(
        help: """
            Print the exact bytes of the manifest or the index, of a registry, an OCI layout or an OCI archive; with --platform \
            those of the manifest.
            """)
    var raw = false

    func validate() throws {
        guard [json, buildArgs, raw].count(where: { $0 }) <= 1 else {
            throw ValidationError("--json, --build-args and --raw exclude each other.")
        }
    }

    func run() async throws {
        let tools = try image.tools()
        if raw {
            try Console.write(bytes: await tools.rawManifest(of: image.source))
        } else if buildArgs {
            try Console.write(await tools.inspect(image.source).buildArgs().pretty + "\n")
        } else {
            let inspection = try await tools.inspectRoot(image.source)
            try Console.write(json ? inspection.json.canonical + "\n" : inspection.text)
        }
    }
}
