import Compression
import SystemPackage

/// Builds the image of a spec and writes it, for the verbs `build`, `layered` and `stream`.
package struct SpecBuild: Sendable {
    private let source: SpecSource
    private let verb: SpecVerb
    private let sets: [String]
    private let context: Context
    private let keepsBuildArgs: Bool

    /// - Parameters:
    ///   - sets: overrides of the spec's keys, `KEY=VALUE` each.
    ///   - keepsBuildArgs: whether the archive holds the arguments that the image was built with.
    package init(
        _ source: SpecSource, as verb: SpecVerb, sets: [String], context: Context, reporter: any Reporter,
        keepsBuildArgs: Bool
    ) {
        self.source = source
        self.verb = verb
        self.sets = sets
        var context = context
        context.reporter = reporter
        self.context = context
        self.keepsBuildArgs = keepsBuildArgs
    }

    /// Builds the image and writes it.
    ///
    /// - Parameters:
    ///   - output: the output's path, `-` for standard output, nil for a file named after the image.
    ///   - compressor: nil for the spec's own.
    ///   - jsonFile: the path of the file that the result is written to later; it is only checked here.
    /// - Throws: `ToolError`; then there is no output.
    package func write(
        to output: String?, format: ArchiveFormat = .dockerArchive, compressor: Compressor?, jsonFile: String? = nil
    ) async throws -> ImageResult {
        let loaded = try LoadedSpec.read(source, sets: sets, context: context) { _ in verb }
        let spec = loaded.spec
        let compressor = compressor ?? spec.compressor
        let directory = context.currentDirectory
        let destination = ImageOutput(output, name: spec.name, format: format, compressor: compressor, in: directory)
        // An output that cannot be written is reported before the build.
        try destination.check(inputs: loaded.inputs)
        if let jsonFile {
            try destination.check(jsonFile: directory.pushing(FilePath(jsonFile)), inputs: loaded.inputs)
        }
        var image = try await loaded.build(in: context)
        image.keepsBuildArgs = keepsBuildArgs
        return try destination.write(
            [image], format: format, compressor: compressor, context, progress: context.reporter)
    }
}
