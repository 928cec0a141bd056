import Failures
import Images
import SystemPackage

/// Makes the image of a spec.
enum SpecImage {
    /// - Parameters:
    ///   - verb: how it is made; nil: as the spec's keys tell, which is `layered` unless they are `build`'s.
    ///   - sets: the overrides of the command line.
    ///   - makers: the specs that wait for this one.
    /// - Throws: `Failure`.
    static func make(
        _ source: SpecSource, as verb: SpecVerb?, sets: [String] = [], surroundings: Surroundings,
        reporter: any Reporter, makers: [FilePath]
    ) async throws -> any MadeImage {
        let file = try SpecFile(reading: source, currentDirectory: surroundings.currentDirectory)
        let verb = verb ?? SpecVerb.told(by: file)
        let spec = try ImageSpec(file, sets: sets, verb: verb, environment: surroundings.environment)
        for warning in spec.warnings { reporter.warn(warning) }
        let makers =
            makers + (source.path.map { [surroundings.currentDirectory.pushing($0)] } ?? []).map { $0.real ?? $0 }
        return try await make(spec, as: verb, surroundings: surroundings, reporter: reporter, makers: makers)
    }

    /// - Parameters:
    ///   - spec: a spec that was read for `verb`.
    ///   - makers: this spec, and those that wait for it.
    static func make(
        _ spec: ImageSpec, as verb: SpecVerb, surroundings: Surroundings, reporter: any Reporter, makers: [FilePath]
    ) async throws -> any MadeImage {
        let base = try await BaseImage(of: spec, surroundings, reporter, makers: makers)
        return switch verb {
        case .build: try await SingleLayerImage(spec, base: base, surroundings: surroundings, reporter: reporter)
        default: try await LayeredImage(spec, base: base, surroundings: surroundings, reporter: reporter)
        }
    }
}
