import ByteIO
import Compression
import Errors
import Images
import JSON
import OCI
import Registry
import SystemPackage

/// The image that another image is built on, with its config.
struct BaseImage: Sendable {
    let image: any Image
    /// The image's config; the digests of layers that are not computed yet are missing.
    let config: ImageConfig

    var layers: [any Layer] { image.layers }

    init(_ image: any Image) {
        self.image = image
        config = image.config
    }

    /// Opens the base image of a spec, or builds it if `fromImage` is a spec itself.
    ///
    /// - Parameter dependents: the paths of the specs that wait for this one, links resolved; they detect cycles.
    /// - Returns: nil if the spec has no `fromImage`.
    /// - Throws: `ToolError`.
    static func open(
        for spec: ImageSpec, in context: Context, dependents: [FilePath]
    ) async throws -> BaseImage? {
        guard let source = spec.fromImage else { return nil }
        let base = BaseImage(try await image(source, for: spec, in: context, dependents: dependents))
        if let own = spec.architecture, let theirs = base.config.architecture, own != theirs {
            context.reporter.warn("\(spec.source) builds an image for \(own) on a base for \(theirs)")
        }
        return base
    }

    private static func image(
        _ source: BaseSource, for spec: ImageSpec, in context: Context, dependents: [FilePath]
    ) async throws -> any Image {
        switch source {
        case .pull(let pull): return try await pulled(pull, context)
        case .image(let source): return try await image(source, for: spec, in: context)
        case .path(let path) where SpecSource.isSpec(path.string):
            let real = path.real ?? path
            guard !dependents.contains(real) else {
                throw ToolError(
                    .data, "cannot build the image of \(spec.source)",
                    cause: "its fromImage leads back to \(path): the specs form a cycle",
                    remedy: "start one of the specs from an archive, or without fromImage")
            }
            let file = try SpecFile.read(.file(path), currentDirectory: context.currentDirectory)
            // The spec that `prefetch` printed.
            if SpecVerb.isForPull(file) { return try await pulled(PullSpec.read(file), context) }
            return try await LoadedSpec.make(of: file, from: path, context: context)
                .build(in: context, dependents: dependents)
        case .path(let path):
            let text = spec.fileMembers?["fromImage"]?.string ?? path.string
            if let missing = ImageSource.missingArchive(path, named: text) { throw missing }
            let archive = try ImageArchive.open(
                path, context.reading(architecture: spec.architecture, keepsLayers: true))
            return try archive.image(name: spec.fromImageName, tag: spec.fromImageTag)
        }
    }

    private static func pulled(_ pull: PullSpec, _ context: Context) async throws -> any Image {
        let pulled = try await PulledImage.fetch(PullRequest(pull), context)
        // The digest identifies these bytes, so the hash of their archive is computed only once.
        try pulled.check(pulled.archiveHash())
        return pulled.named
    }

    private static func image(
        _ source: ImageSource, for spec: ImageSpec, in context: Context
    ) async throws -> any Image {
        let isChosen =
            switch source {
            case .archive(_, nil), .layout(_, nil): false
            default: true
            }
        guard !isChosen || spec.fromImageName == nil && spec.fromImageTag == nil else {
            throw ToolError(
                .data, "cannot build the image of \(spec.source)",
                cause: "its fromImage, \(source), names one image, and fromImageName or fromImageTag names one too",
                remedy: "leave fromImageName and fromImageTag out")
        }
        if case .registry(let name) = source, try RegistryReference(name).digest == nil {
            context.reporter.warn(
                "nothing pins the base \(name): the registry is trusted; `dockertools prefetch --spec toml` prints a spec "
                    + "for fromImage that does")
        }
        let archive = try await source.archive(
            context.reading(architecture: spec.architecture, keepsLayers: true), context)
        return try source.chosenName == nil
            ? archive.image(name: spec.fromImageName, tag: spec.fromImageTag)
            : archive.image(named: source.chosenName)
    }
}

extension Context {
    /// The settings with which a verb reads its images: for the context's platform.
    ///
    /// - Parameter keepsLayers: whether layers stay readable after the image is read.
    func reading(keepsLayers: Bool) -> ReadingContext {
        var reading = reading(architecture: nil, keepsLayers: keepsLayers)
        reading.requires(platform)
        return reading
    }

    /// The settings with which the base images of specs are read.
    ///
    /// - Parameters:
    ///   - architecture: the architecture to choose from an index, by its GOARCH name; nil: this machine's.
    ///   - keepsLayers: whether layers stay readable after the image is read.
    func reading(architecture: String?, keepsLayers: Bool) -> ReadingContext {
        var reading = ReadingContext(
            spool: spool, cache: digestCache, keepsLayers: keepsLayers,
            platform: Platform(architecture: architecture ?? HostArchitecture.name))
        reading.limits.output = maxLayerSize
        reading.limits.ratio = maxCompressionRatio
        return reading
    }
}

extension ReadingContext {
    /// Requires a platform, if one is given.
    mutating func requires(_ wanted: Platform?) {
        guard let wanted else { return }
        (platform, requiresPlatform) = (wanted, true)
    }
}
