import DockerEngine
import Errors
import Images
import OCI
import Registry
import SystemPackage

/// An image source whose spec, if it is one, has been read. The image itself has not been read or built.
struct OpenedSource: Sendable {
    private let source: ImageSource
    /// The spec of the source; nil for an image that exists.
    private let loaded: LoadedSpec?
    private let keepsBuildArgs: Bool
    private let context: Context

    /// Reads the spec of a source and reports its warnings.
    ///
    /// - Parameter verb: how the image of a spec is built if the source does not say; by default, the spec's keys decide.
    /// - Throws: `ToolError` for an invalid spec.
    static func open(
        _ source: ImageSource, _ context: Context, as verb: (SpecFile) -> SpecVerb = SpecVerb.implied(by:)
    ) throws -> OpenedSource {
        switch source {
        case .specFile(let file, let reading):
            let loaded = try LoadedSpec.read(file, sets: reading.overrides, context: context) {
                reading.verb ?? verb($0)
            }
            return OpenedSource(
                source: source, loaded: loaded, keepsBuildArgs: reading.keepsBuildArgs, context: context)
        case .spec(let spec):
            return OpenedSource(
                source: source, loaded: LoadedSpec(spec, as: spec.verb), keepsBuildArgs: true, context: context)
        case .archive, .layout, .registry, .daemon:
            return OpenedSource(source: source, loaded: nil, keepsBuildArgs: true, context: context)
        }
    }

    /// The spec of the source; nil for an image that exists.
    var spec: ImageSpec? { loaded?.spec }

    /// The files and directories that the image is read or built from.
    var inputs: [FilePath] {
        switch source {
        case .archive(let path, _), .layout(let path, _):
            path == "-" ? [] : [context.currentDirectory.pushing(FilePath(path))]
        case .spec, .specFile: loaded?.inputs ?? []
        case .registry, .daemon: []
        }
    }

    /// The image: the chosen one, or the first; the built one of a spec.
    ///
    /// - Throws: `ToolError`.
    func image() async throws -> any Image {
        guard let loaded else { return try await archive().image(named: source.chosenName) }
        // A spec for `export` builds nothing: its base is exported unchanged.
        guard loaded.verb == .export, let base = try await loaded.base(in: context) else {
            return try await built(loaded)
        }
        let name = loaded.spec.name
        return name.isEmpty ? base.image : RenamedImage(base.image, names: [ImageName(name: name, tag: nil)])
    }

    /// All images of an archive if none is chosen; else the chosen one.
    ///
    /// - Throws: `ToolError`.
    func images() async throws -> [any Image] {
        guard loaded == nil, source.chosenName == nil else { return [try await image()] }
        return try await archive().images
    }

    /// Plans the layers of a spec's image.
    ///
    /// - Throws: `ToolError` with code `usage` for an image that exists.
    func planReport() async throws -> PlanReport {
        guard let loaded else {
            throw ToolError(
                .usage, "cannot plan the layers of \(source)", cause: "it is not a spec", remedy: "name a spec")
        }
        return try PlanReport(await loaded.build(in: context))
    }

    private func built(_ loaded: LoadedSpec) async throws -> any Image {
        var image = try await loaded.build(in: context)
        image.keepsBuildArgs = keepsBuildArgs
        return image
    }

    private func archive() async throws -> ImageArchive {
        try await source.archive(context.reading(architecture: nil, keepsLayers: true), context)
    }
}

extension ImageSource {
    /// Reads the images of a source that is not a spec.
    ///
    /// - Throws: `ToolError`.
    func archive(_ reading: ReadingContext, _ context: Context) async throws -> ImageArchive {
        switch self {
        case .archive(let path, _), .layout(let path, _): return try ImageArchive.open(FilePath(path), reading)
        case .registry(let name):
            let reference = try RegistryReference(name)
            return try context.registryImage(reference, task: "cannot read \(reference)").archive(reading)
        case .daemon(let name):
            let daemon = DockerDaemon(try DockerHost.find(nil, environment: context.environment))
            return try DaemonImage(name, daemon).archive(reading)
        case .spec, .specFile:
            return try ImageArchive.open(FilePath("\(self)"), reading)
        }
    }

    /// Checks the name of an image of the daemon.
    ///
    /// - Throws: `ToolError` with code `usage` for an empty name.
    static func daemonName(_ name: String) throws -> String { try DaemonImage.checked(name) }

    /// The source in messages.
    var displayName: String {
        switch self {
        case .archive(let path, _), .layout(let path, _): "'\(FilePath(path))'"
        case .registry(let name): "'\((try? RegistryReference(name)).map { "\($0)" } ?? name)'"
        case .daemon, .spec, .specFile: "'\(self)'"
        }
    }
}

extension ImageSpec {
    /// The way in which the image is built if nothing else is requested.
    fileprivate var verb: SpecVerb { runAsRoot.isEmpty && !keepContentsDirlinks ? .layered : .build }
}

/// An image under other names.
struct RenamedImage: Image {
    private let image: any Image
    private let names: [ImageName]

    init(_ image: any Image, names: [ImageName]) {
        self.image = image
        self.names = names
    }

    var name: String? { names.first?.name }
    func names(imageID: Digest) -> [ImageName] { names }
    var layers: [any Layer] { image.layers }
    var config: ImageConfig { image.config }
}
