import Archives
import Failures

/// What an archive or a folder says about the images in it; the layers themselves stay where they are.
public struct ImageArchive: Sendable {
    /// How the images lie in it.
    public enum Form: String, Sendable {
        /// `manifest.json` and what it names: of Docker, podman, skopeo, nixpkgs. Docker 25 and later, and this program's
        /// oci-archives, have an OCI layout beside it.
        case docker = "docker-archive"
        /// An OCI image layout.
        case oci = "oci"
        /// A manifest and blobs in a registry.
        case registry
    }

    /// What was read, for errors: `'base.tar.gz'`.
    public let name: String
    public let form: Form
    /// The images in the order of the manifest; at least one.
    public let images: [ArchivedImage]
    /// The arguments the image was built with, by the archive's member `buildArgs.json`; nil where there is none.
    public let buildArgs: JSONValue?

    init(_ files: some ImageFiles, context: ReadingContext) throws {
        name = files.name
        if try files.file("manifest.json") != nil {
            form = .docker
            images = try DockerManifest(files, context).images()
        } else if try files.file("index.json") != nil {
            form = .oci
            images = try OCIIndex(files, context).images()
        } else {
            throw Failure(
                .data, "cannot read \(files.name)",
                why: "it has neither manifest.json nor index.json: it holds no image",
                advice: "make one with `docker save`, or `skopeo copy … docker-archive:FILE`")
        }
        buildArgs = try files.file("buildArgs.json").map { _ in
            try files.value("buildArgs.json", "the build arguments")
        }
    }
}
