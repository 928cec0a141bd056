import ByteIO
import Compression
import Images
import OCI
import Store
import SystemPackage

/// An image that is made from a spec.
protocol BuiltImage: Image {
    /// The spec that the image is made from.
    var spec: ImageSpec { get }
    var base: BaseImage? { get }
    /// What the history tells of the layers that are not the base's.
    var comments: [String] { get }
    /// Why a store path is in the layer that it is in; empty where there was no choice.
    func reason(_ path: StorePath) -> String
    /// Whether the archive keeps the arguments that the image was built with.
    var keepsBuildArgs: Bool { get set }
}

extension BuiltImage {
    package var name: String? { spec.name }

    package func names(imageID: Digest) -> [ImageName] {
        [ImageName(name: spec.name, tag: spec.tag ?? ImageName.tag(of: imageID))]
    }

    package var config: ImageConfig {
        let created = spec.created.description
        let inherited = base?.config
        let comments = comments.map {
            ImageConfig.History(created: created, createdBy: "dockertools", comment: $0)
        }
        // A variant belongs to its processor.
        let variant = spec.variant ?? (spec.architecture == nil ? inherited?.variant : nil)
        return ImageConfig(
            created: created,
            architecture: spec.architecture ?? inherited?.architecture ?? HostArchitecture.name, variant: variant,
            runtime: spec.runtime(on: base),
            history: (base.map { $0.config.inheritedHistory(layerCount: $0.layers.count) } ?? []) + comments)
    }

    package var extraMembers: [(name: String, bytes: [UInt8])] {
        keepsBuildArgs ? [(buildArgsName, Array(spec.buildArgs.canonical.utf8))] : []
    }
}

/// The name of the archive's member that holds the arguments that the image was built with.
let buildArgsName = "buildArgs.json"

/// Makes the image of a spec and writes it: what `build`, `layered` and `stream` do.
package struct SpecBuild: Sendable {
    private let source: SpecSource
    private let verb: SpecVerb
    private let sets: [String]
    private let context: Context
    private let reporter: any Reporter
    private let keepsBuildArgs: Bool

    /// - Parameters:
    ///   - sets: the overrides of the command line, `KEY=VALUE` each.
    ///   - keepsBuildArgs: whether the archive keeps the arguments that the image was built with.
    package init(
        _ source: SpecSource, as verb: SpecVerb, sets: [String], context: Context, reporter: any Reporter,
        keepsBuildArgs: Bool
    ) {
        self.source = source
        self.verb = verb
        self.sets = sets
        self.context = context
        self.reporter = reporter
        self.keepsBuildArgs = keepsBuildArgs
    }

    /// - Parameters:
    ///   - output: the output's path, `-` for standard output, nil for a file called after the image.
    ///   - compressor: nil for the spec's own.
    ///   - jsonFile: where what is known of the image will be written, if anywhere.
    /// - Throws: `ToolError`; then there is no output.
    package func write(
        to output: String?, format: ArchiveFormat = .dockerArchive, compressor: Compressor?, jsonFile: String? = nil
    ) async throws -> ImageResult {
        let loaded = try LoadedSpec(source, sets: sets, context: context, reporter: reporter) { _ in verb }
        let spec = loaded.spec
        let compressor = compressor ?? spec.compressor
        let directory = context.currentDirectory
        let destination = ImageOutput(output, name: spec.name, format: format, compressor: compressor, in: directory)
        // Before the work: it would be in vain.
        try destination.check(inputs: loaded.inputs)
        if let jsonFile {
            try destination.check(jsonFile: directory.pushing(FilePath(jsonFile)), inputs: loaded.inputs)
        }
        var image = try await loaded.image(context, reporter)
        image.keepsBuildArgs = keepsBuildArgs
        return try destination.write([image], format: format, compressor: compressor, context, progress: reporter)
    }
}

/// A spec that was read for a verb, and where it was read.
struct LoadedSpec: Sendable {
    let spec: ImageSpec
    let verb: SpecVerb
    /// Absolute; nil for standard input.
    private let path: FilePath?

    /// Reads a spec once, and tells its warnings.
    ///
    /// - Parameters:
    ///   - sets: the overrides of the command line.
    ///   - verb: how the image is made; by default as the spec's keys tell.
    /// - Throws: `ToolError` as the reading and the checking of specs do.
    init(
        _ source: SpecSource, sets: [String] = [], context: Context, reporter: any Reporter,
        as verb: (SpecFile) -> SpecVerb = SpecVerb.told(by:)
    ) throws {
        let file = try SpecFile(reading: source, currentDirectory: context.currentDirectory)
        self.verb = verb(file)
        spec = try ImageSpec(file, sets: sets, verb: self.verb, environment: context.environment)
        path = source.path.map { context.currentDirectory.pushing($0) }
        for warning in spec.warnings { reporter.warn(warning) }
    }

    /// The files and directories that the image is made from, the spec among them.
    var inputs: [FilePath] {
        [path, spec.closure, basePath].compactMap { $0 }
            + spec.contents.map { $0.machinePath(in: spec.storeLocation) }
    }

    private var basePath: FilePath? {
        guard case .path(let path) = spec.fromImage else { return nil }
        return path
    }

    /// Makes the image.
    ///
    /// - Parameter makers: the specs that wait for this one, without links on their paths.
    /// - Throws: `ToolError`.
    func image(
        _ context: Context, _ reporter: any Reporter, makers: [FilePath] = []
    ) async throws -> any BuiltImage {
        let base = try await base(context, reporter, makers: makers)
        return switch verb {
        case .build: try await SingleLayerImage(spec, base: base, context: context, reporter: reporter)
        default: try await LayeredImage(spec, base: base, context: context, reporter: reporter)
        }
    }

    /// The image that this spec's is made on; nil if there is none.
    func base(
        _ context: Context, _ reporter: any Reporter, makers: [FilePath] = []
    ) async throws -> BaseImage? {
        let makers = makers + [path].compactMap { $0 }.map { $0.real ?? $0 }
        return try await BaseImage(of: spec, context, reporter, makers: makers)
    }
}
