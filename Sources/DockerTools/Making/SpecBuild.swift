import Archives
import Images
import SystemPackage

/// Makes the image of a spec and writes it: what `build`, `layered` and `stream` do.
public struct SpecBuild: Sendable {
    private let source: SpecSource
    private let verb: SpecVerb
    private let sets: [String]
    private let surroundings: Surroundings
    private let reporter: any Reporter
    private let keepsBuildArgs: Bool

    /// - Parameters:
    ///   - sets: the overrides of the command line, `KEY=VALUE` each.
    ///   - keepsBuildArgs: whether the archive keeps the arguments that the image was built with.
    public init(
        _ source: SpecSource, as verb: SpecVerb, sets: [String], surroundings: Surroundings, reporter: any Reporter,
        keepsBuildArgs: Bool
    ) {
        self.source = source
        self.verb = verb
        self.sets = sets
        self.surroundings = surroundings
        self.reporter = reporter
        self.keepsBuildArgs = keepsBuildArgs
    }

    /// - Parameters:
    ///   - output: the output's path, `-` for standard output, nil for a file called after the image.
    ///   - compressor: nil for the spec's own.
    ///   - jsonFile: where what is known of the image will be written, if anywhere.
    /// - Throws: `Failure`; then there is no output.
    public func write(
        to output: String?, format: ArchiveFormat = .dockerArchive, compressor: Compressor?, jsonFile: String? = nil
    ) async throws -> ImageResult {
        let spec = try ImageSpec.load(
            source, sets: sets, verb: verb, environment: surroundings.environment,
            currentDirectory: surroundings.currentDirectory)
        for warning in spec.warnings { reporter.warn(warning) }
        let compressor = compressor ?? spec.compressor
        let folder = surroundings.currentDirectory
        let destination = ArchiveOutput(output, name: spec.name, format: format, compressor: compressor, in: folder)
        // Before the work: it would be in vain.
        let specPath = source.path.map { folder.pushing($0) }
        let inputs = spec.inputs + (specPath.map { [$0] } ?? [])
        try destination.check(inputs: inputs)
        if let jsonFile { try destination.check(jsonFile: folder.pushing(FilePath(jsonFile)), inputs: inputs) }
        var image = try await SpecImage.make(
            spec, as: verb, surroundings: surroundings, reporter: reporter,
            makers: specPath.map { [$0.real ?? $0] } ?? [])
        image.keepsBuildArgs = keepsBuildArgs
        return try destination.write([image], format: format, compressor: compressor, surroundings, progress: reporter)
    }
}

extension ImageSpec {
    /// The files and folders that the image is made from, but for the spec itself.
    var inputs: [FilePath] {
        [closure, fromImage].compactMap { $0 } + contents.map { $0.machinePath(in: storeLocation) }
    }
}
