import Images
import SystemPackage

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
    /// - Throws: `Failure` as the reading and the checking of specs do.
    init(
        _ source: SpecSource, sets: [String] = [], surroundings: Surroundings, reporter: any Reporter,
        as verb: (SpecFile) -> SpecVerb = SpecVerb.told(by:)
    ) throws {
        let file = try SpecFile(reading: source, currentDirectory: surroundings.currentDirectory)
        self.verb = verb(file)
        spec = try ImageSpec(file, sets: sets, verb: self.verb, environment: surroundings.environment)
        path = source.path.map { surroundings.currentDirectory.pushing($0) }
        for warning in spec.warnings { reporter.warn(warning) }
    }

    /// The files and folders that the image is made from, the spec among them.
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
    /// - Throws: `Failure`.
    func image(
        _ surroundings: Surroundings, _ reporter: any Reporter, makers: [FilePath] = []
    ) async throws -> any MadeImage {
        let base = try await base(surroundings, reporter, makers: makers)
        return switch verb {
        case .build: try await SingleLayerImage(spec, base: base, surroundings: surroundings, reporter: reporter)
        default: try await LayeredImage(spec, base: base, surroundings: surroundings, reporter: reporter)
        }
    }

    /// The image that this spec's is made on; nil if there is none.
    func base(
        _ surroundings: Surroundings, _ reporter: any Reporter, makers: [FilePath] = []
    ) async throws -> BaseImage? {
        let makers = makers + [path].compactMap { $0 }.map { $0.real ?? $0 }
        return try await BaseImage(of: spec, surroundings, reporter, makers: makers)
    }
}
