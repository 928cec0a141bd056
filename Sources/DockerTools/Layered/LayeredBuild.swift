import Archives
import SystemPackage

/// Makes the image of a spec and writes it: what `layered` and `stream` do.
public struct LayeredBuild: Sendable {
    private let spec: ImageSpec
    private let surroundings: Surroundings
    private let reporter: any Reporter
    private let keepsBuildArgs: Bool

    /// - Parameter keepsBuildArgs: whether the archive keeps the arguments that the image was built with.
    public init(spec: ImageSpec, surroundings: Surroundings, reporter: any Reporter, keepsBuildArgs: Bool) {
        self.spec = spec
        self.surroundings = surroundings
        self.reporter = reporter
        self.keepsBuildArgs = keepsBuildArgs
    }

    /// - Parameters:
    ///   - output: the output's path, `-` for standard output, nil for a file called after the image.
    ///   - compressor: nil for the spec's own.
    ///   - specPath: the path of the spec, which the output must not be.
    ///   - jsonFile: where what is known of the image will be written, if anywhere.
    /// - Throws: `Failure`; then there is no output.
    public func write(
        to output: String?, compressor: Compressor?, specPath: String, jsonFile: String? = nil
    ) async throws -> ImageResult {
        let compressor = compressor ?? spec.compressor
        let folder = surroundings.currentDirectory
        let destination = ArchiveOutput(output, name: spec.name, compressor: compressor, in: folder)
        // Before the work: it would be in vain.
        let inputs = inputs(specPath)
        try destination.check(inputs: inputs)
        if let jsonFile { try destination.check(jsonFile: folder.pushing(FilePath(jsonFile)), inputs: inputs) }
        var image = try await LayeredImage(spec, surroundings: surroundings, reporter: reporter)
        image.keepsBuildArgs = keepsBuildArgs
        return try destination.write(image, compressor: compressor, progress: reporter)
    }

    private func inputs(_ specPath: String) -> [FilePath] {
        let spec = specPath == "-" ? [] : [surroundings.currentDirectory.pushing(FilePath(specPath))]
        let contents = self.spec.contents.map { $0.machinePath(in: self.spec.storeLocation) }
        return spec + (self.spec.closure.map { [$0] } ?? []) + contents
    }
}
