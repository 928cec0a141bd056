import Archives
import Failures
import Images
import SystemPackage

/// Writes the images of several archives to one.
public struct Merge: Sendable {
    private let arguments: [ImageArgument]
    private let lastWins: Bool
    private let surroundings: Surroundings
    private let reporter: any Reporter

    /// - Parameters:
    ///   - arguments: the images, or the specs that they are made from.
    ///   - lastWins: whether of two images of one name the later has it, rather than that being an error.
    public init(
        _ arguments: [ImageArgument], lastWins: Bool, surroundings: Surroundings, reporter: any Reporter
    ) {
        self.arguments = arguments
        self.lastWins = lastWins
        self.surroundings = surroundings
        self.reporter = reporter
    }

    /// - Parameters:
    ///   - output: the output's path, `-` for standard output.
    ///   - jsonFile: where what is known of the images will be written, if anywhere.
    /// - Throws: `Failure`; then there is no output.
    public func write(
        to output: String, format: ArchiveFormat, compressor: Compressor, jsonFile: String?
    ) async throws -> ImageResult {
        let folder = surroundings.currentDirectory
        let origins = try arguments.map { ($0.text, try ImageOrigin($0, surroundings, reporter)) }
        let inputs = origins.flatMap { $1.inputs(surroundings) }
        let destination = ArchiveOutput(output, name: "", format: format, compressor: compressor, in: folder)
        try destination.check(inputs: inputs)
        if let jsonFile { try destination.check(jsonFile: folder.pushing(FilePath(jsonFile)), inputs: inputs) }
        var names = MergedNames(lastWins: lastWins)
        for (text, origin) in origins {
            for image in try await origin.images(surroundings, reporter) { try names.add(image, from: text) }
        }
        return try destination.write(
            names.images, format: format, compressor: compressor, surroundings, progress: reporter)
    }
}
