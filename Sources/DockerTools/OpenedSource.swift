import DockerEngine
import Errors
import Glibc
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
    /// The changes of the image; nil if it stays as it is.
    private var overrides: ImageOverrides?

    private init(source: ImageSource, loaded: LoadedSpec?, keepsBuildArgs: Bool, context: Context) {
        (self.source, self.loaded, self.keepsBuildArgs, self.context) = (source, loaded, keepsBuildArgs, context)
    }

    /// Reads the spec of a source and reports its warnings.
    ///
    /// - Parameters:
    ///   - keys: the keys that overrides of an image that exists may set; by default none.
    ///   - verb: how the image of a spec is built if the source does not say; by default, the spec's keys decide.
    /// - Throws: `ToolError` for an invalid spec or an invalid override.
    static func open(
        _ source: ImageSource, _ context: Context, overriding keys: [String] = [],
        as verb: (SpecFile) -> SpecVerb = SpecVerb.implied(by:)
    ) throws -> OpenedSource {
        switch source {
        case .overridden(let source, let overrides):
            var opened = try open(source, context, as: verb)
            opened.overrides = try ImageOverrides(overrides, allowed: keys, for: source)
            return opened
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
        case .overridden: []
        }
    }

    /// The image: the chosen one, or the first; the built one of a spec.
    ///
    /// - Throws: `ToolError`.
    func image() async throws -> any Image {
        let image = try await originalImage()
        return try overrides?.applied(to: image) ?? image
    }

    private func originalImage() async throws -> any Image {
        guard let loaded else {
            let image = try await archive().image(named: source.chosenName)
            if context.platform == nil, let choice = image.platformChoice { context.reporter.note(choice) }
            return image
        }
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
        guard loaded == nil, source.chosenName == nil, overrides == nil else { return [try await image()] }
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
        try await source.archive(context.reading(keepsLayers: true), context)
    }
}

extension ImageSource {
    /// Reads the images of a source that is not a spec, for the required platform if there is one.
    ///
    /// - Throws: `ToolError`.
    func archive(_ reading: ReadingContext, _ context: Context) async throws -> ImageArchive {
        try await anyArchive(reading, context).restricted(reading, choosing: chosenName)
    }

    private func anyArchive(_ reading: ReadingContext, _ context: Context) async throws -> ImageArchive {
        switch self {
        case .archive(let path, _):
            if let missing { throw missing }
            return try ImageArchive.open(FilePath(path), reading)
        case .layout(let path, _): return try ImageArchive.open(FilePath(path), reading)
        case .overridden(let source, _): return try await source.anyArchive(reading, context)
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

    /// The error for an archive that does not exist, and that could be meant as an image elsewhere.
    var missing: ToolError? {
        guard case .archive(let path, _) = self else { return nil }
        return Self.missingArchive(FilePath(path), named: "\(self)")
    }

    /// Checks the name of an image of the daemon.
    ///
    /// - Throws: `ToolError` with code `usage` for an empty name.
    static func daemonName(_ name: String) throws -> String { try DaemonImage.checked(name) }

    /// The error for a file that does not exist, and whose name could be the one of an image elsewhere.
    ///
    /// - Parameter text: the path as it was written.
    static func missingArchive(_ path: FilePath, named text: String) -> ToolError? {
        let ending = path.extension?.lowercased() ?? ""
        guard path != "-", path.withPlatformString({ access($0, F_OK) }) != 0, !fileEndings.contains(ending),
            let reference = try? RegistryReference(text)
        else { return nil }
        return ToolError(
            .data, "cannot read '\(text)'", cause: "there is no such file or directory",
            remedy: """
                check the path; write docker://\(text) for the image of the registry \(reference.registry), or \
                docker-daemon:\(text) for the one of the Docker daemon
                """)
    }

    /// The endings of names that are meant as files.
    private static let fileEndings: Set = [
        "tar", "gz", "tgz", "zst", "tzst", "xz", "txz", "bz2", "tbz2", "oci", "json", "toml", "yaml", "yml", "squashfs",
    ]

    /// The source in messages.
    var displayName: String {
        switch self {
        case .archive(let path, _), .layout(let path, _): "'\(FilePath(path))'"
        case .registry(let name): "'\((try? RegistryReference(name)).map { "\($0)" } ?? name)'"
        case .overridden(let source, _): source.displayName
        case .daemon, .spec, .specFile: "'\(self)'"
        }
    }
}

extension ImageSpec {
    /// The way in which the image is built if nothing else is requested.
    fileprivate var verb: SpecVerb { runAsRoot.isEmpty && !keepContentsDirlinks ? .layered : .build }
}

/// An image under other names, and with another config if one is given.
struct RenamedImage: Image {
    private let image: any Image
    private let names: [ImageName]
    let config: ImageConfig

    init(_ image: any Image, names: [ImageName], config: ImageConfig? = nil) {
        self.image = image
        self.names = names
        self.config = config ?? image.config
    }

    var name: String? { names.first?.name }
    func names(imageID: Digest) -> [ImageName] { names }
    var layers: [any Layer] { image.layers }
}
