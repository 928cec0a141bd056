import ByteIO
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

    package func config(diffIDs: [Digest]) -> [UInt8] {
        let created = spec.created.description
        let inherited = base?.config(for: spec)
        // A variant belongs to its processor.
        let variant = spec.variant ?? (spec.architecture == nil ? inherited?.variant : nil)
        let config = ImageConfig(
            created: created,
            architecture: spec.architecture ?? inherited?.architecture ?? HostArchitecture.name, variant: variant,
            runtime: spec.config, history: comments.map { ImageConfig.History(created: created, comment: $0) },
            base: inherited)
        return Array(config.json(diffIDs: diffIDs).canonical.utf8)
    }

    package var extraMembers: [(name: String, bytes: [UInt8])] {
        keepsBuildArgs ? [(buildArgsName, Array(spec.buildArgs.canonical.utf8))] : []
    }
}

/// The name of the archive's member that holds the arguments that the image was built with.
let buildArgsName = "buildArgs.json"

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
        _ source: SpecSource, sets: [String] = [], context: Context,
        as verb: (SpecFile) -> SpecVerb = SpecVerb.told(by:)
    ) throws {
        let file = try SpecFile(reading: source, currentDirectory: context.currentDirectory)
        self.verb = verb(file)
        spec = try ImageSpec(file, sets: sets, verb: self.verb, environment: context.environment)
        path = source.path.map { context.currentDirectory.pushing($0) }
        for warning in spec.warnings { context.reporter.warn(warning) }
    }

    /// A spec that was made in code.
    init(_ spec: ImageSpec, as verb: SpecVerb) {
        self.spec = spec
        self.verb = verb
        path = nil
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
    func image(_ context: Context, makers: [FilePath] = []) async throws -> any BuiltImage {
        let base = try await base(context, makers: makers)
        let reporter = context.reporter
        return switch verb {
        case .build: try await SingleLayerImage(spec, base: base, context: context, reporter: reporter)
        default: try await LayeredImage(spec, base: base, context: context, reporter: reporter)
        }
    }

    /// The image that this spec's is made on; nil if there is none.
    func base(_ context: Context, makers: [FilePath] = []) async throws -> BaseImage? {
        let makers = makers + [path].compactMap { $0 }.map { $0.real ?? $0 }
        return try await BaseImage(of: spec, context, context.reporter, makers: makers)
    }
}
