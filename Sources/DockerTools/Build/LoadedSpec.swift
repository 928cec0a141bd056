import ByteIO
import SystemPackage

/// A spec that was read for a verb, with the file that it was read from.
struct LoadedSpec: Sendable {
    let spec: ImageSpec
    let verb: SpecVerb
    /// Absolute; nil for standard input.
    private let path: FilePath?

    /// Reads and checks a spec, and reports its warnings.
    ///
    /// - Parameters:
    ///   - sets: overrides of the spec's keys, `KEY=VALUE` each.
    ///   - verb: chooses how the image is built; by default by the keys of the spec.
    /// - Throws: `ToolError`: `data` for an invalid spec, `usage` for an invalid override, `io` for a file that cannot
    ///   be read.
    static func read(
        _ source: SpecSource, sets: [String] = [], context: Context,
        as verb: (SpecFile) -> SpecVerb = SpecVerb.implied(by:)
    ) throws -> LoadedSpec {
        let file = try SpecFile.read(source, currentDirectory: context.currentDirectory)
        return try make(of: file, from: source.path, sets: sets, context: context, as: verb)
    }

    /// Checks a spec that was read, and reports its warnings.
    ///
    /// - Parameter path: the path of the file; nil for standard input.
    /// - Throws: `ToolError`, as `read` does.
    static func make(
        of file: SpecFile, from path: FilePath?, sets: [String] = [], context: Context,
        as verb: (SpecFile) -> SpecVerb = SpecVerb.implied(by:)
    ) throws -> LoadedSpec {
        let verb = verb(file)
        let spec = try ImageSpec.read(file, sets: sets, verb: verb, environment: context.environment)
        for warning in spec.warnings { context.reporter.warn(warning) }
        return LoadedSpec(
            spec: spec, verb: verb, path: path.map { context.currentDirectory.pushing($0) })
    }

    /// A spec that was made in code.
    init(_ spec: ImageSpec, as verb: SpecVerb) {
        self.init(spec: spec, verb: verb, path: nil)
    }

    private init(spec: ImageSpec, verb: SpecVerb, path: FilePath?) {
        (self.spec, self.verb, self.path) = (spec, verb, path)
    }

    /// The files and directories that the image is built from, the spec among them.
    var inputs: [FilePath] {
        [path, spec.closure, basePath].compactMap { $0 }
            + spec.contents.map { $0.machinePath(in: spec.storeLocation) }
    }

    private var basePath: FilePath? {
        switch spec.fromImage {
        case .path(let path): path
        case .image(.archive(let path, _)) where path != "-", .image(.layout(let path, _)): FilePath(path)
        default: nil
        }
    }

    /// Builds the image of the spec.
    ///
    /// - Parameter dependents: the paths of the specs that use this one as their base, links resolved.
    /// - Throws: `ToolError` as `ImageSpec.build` does.
    func build(in context: Context, dependents: [FilePath] = []) async throws -> BuiltImage {
        try await spec.build(as: verb, in: context, dependents: dependents + ownPath)
    }

    /// Opens the base image of the spec.
    ///
    /// - Returns: nil if the spec has no base.
    /// - Throws: `ToolError`.
    func base(in context: Context) async throws -> BaseImage? {
        try await BaseImage.open(for: spec, in: context, dependents: ownPath)
    }

    private var ownPath: [FilePath] { path.map { [$0.real ?? $0] } ?? [] }
}
