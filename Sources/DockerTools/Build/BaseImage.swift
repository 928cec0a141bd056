import ByteIO
import Errors
import Images
import OCI
import SystemPackage

/// The image that another one is made on.
struct BaseImage: Sendable {
    let image: any Image
    /// The image's config, without the digests of layers that are not known yet.
    let config: ImageConfig

    var layers: [any Layer] { image.layers }

    init(_ image: any Image) {
        self.image = image
        config = image.config
    }

    /// The base of a spec, nil if it has none: opened, or made if it is a spec itself.
    ///
    /// - Parameter makers: the specs that wait for this one, for those that go round in a circle.
    init?(of spec: ImageSpec, _ context: Context, _ reporter: any Reporter, makers: [FilePath]) async throws {
        switch spec.fromImage {
        case nil: return nil
        case .pull(let pull):
            let pulled = try await PulledImage(PullRequest(pull), context, reporter)
            // The digest says which bytes these are; what their archive hashes to need be found out but once.
            try pulled.check(pulled.archiveHash(progress: reporter))
            self.init(pulled.named)
        case .path(let path) where SpecSource.isSpec(path.string):
            let real = path.real ?? path
            guard !makers.contains(real) else {
                throw ToolError(
                    .data, "cannot make the image of \(spec.source)",
                    cause: "its fromImage leads back to \(path): the specs go round in a circle",
                    remedy: "let one of them start from an archive, or from nothing")
            }
            let image = try await LoadedSpec(.file(path), context: context, reporter: reporter)
                .image(context, reporter, makers: makers)
            self.init(image)
        case .path(let path):
            let archive = try ImageArchive.open(
                path, context.reading(architecture: spec.architecture, keepsLayers: true))
            try self.init(archive.image(name: spec.fromImageName, tag: spec.fromImageTag))
        }
        if let own = spec.architecture, let base = config.architecture, own != base {
            reporter.warn("\(spec.source) makes an image for \(own) from a base for \(base)")
        }
    }
}

extension Context {
    /// How images are read.
    ///
    /// - Parameter architecture: the processor to choose an image for; nil: this machine's.
    func reading(architecture: String?, keepsLayers: Bool) -> ReadingContext {
        ReadingContext(
            spool: spool, cache: digestCache, keepsLayers: keepsLayers,
            platform: Platform(architecture: architecture ?? HostArchitecture.name))
    }
}
