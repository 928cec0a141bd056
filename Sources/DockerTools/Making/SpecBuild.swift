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
        let loaded = try LoadedSpec(source, sets: sets, surroundings: surroundings, reporter: reporter) { _ in verb }
        let spec = loaded.spec
        let compressor = compressor ?? spec.compressor
        let folder = surroundings.currentDirectory
        let destination = ArchiveOutput(output, name: spec.name, format: format, compressor: compressor, in: folder)
        // Before the work: it would be in vain.
        try destination.check(inputs: loaded.inputs)
        if let jsonFile { try destination.check(jsonFile: folder.pushing(FilePath(jsonFile)), inputs: loaded.inputs) }
        var image = try await loaded.image(surroundings, reporter)
        image.keepsBuildArgs = keepsBuildArgs
        return try destination.write([image], format: format, compressor: compressor, surroundings, progress: reporter)
    }
}
