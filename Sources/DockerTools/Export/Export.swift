import Archives
import Failures
import Images
import SystemPackage

/// Writes the file system that an image comes to: what a container of it finds, as one tar or squashfs.
///
/// The layers are merged from tar to tar: nothing is unpacked, and nobody need be root.
public struct Export: Sendable {
    private let argument: ImageArgument
    private let format: ExportFormat
    private let surroundings: Surroundings
    private let reporter: any Reporter

    /// - Parameter argument: the image, or the spec that it is made from.
    public init(
        _ argument: ImageArgument, format: ExportFormat = .tar, surroundings: Surroundings, reporter: any Reporter
    ) {
        self.argument = argument
        self.format = format
        self.surroundings = surroundings
        self.reporter = reporter
    }

    /// - Parameters:
    ///   - output: the output's path, `-` for standard output, nil for a file called after the image.
    ///   - tellsImage: whether the result tells of the image, which may take the reading of all its files once more.
    /// - Throws: `Failure`; then there is no output.
    public func write(to output: String?, jsonFile: String?, tellsImage: Bool) async throws -> ImageResult {
        let folder = surroundings.currentDirectory
        let origin = try ImageOrigin(argument, surroundings, reporter) { [argument] in
            SpecVerb.toldToExport(by: $0, sets: argument.sets)
        }
        let inputs = origin.inputs(surroundings)
        // Before the work, as far as it is known: it would be in vain.
        if let output { try ArchiveOutput(output, name: "", suffix: "", in: folder).check(inputs: inputs) }
        let image = try await origin.image(surroundings, reporter)
        let flattened = try FlattenedImage(image.layers, spool: surroundings.spool, needsBodies: true)
        let destination = ArchiveOutput(output, name: image.name ?? "image", suffix: format.suffix, in: folder)
        try destination.check(inputs: inputs)
        if let jsonFile { try destination.check(jsonFile: folder.pushing(FilePath(jsonFile)), inputs: inputs) }
        // Another thread hashes the layers while this one writes; the output counts when both are done.
        let verification = flattened.beginVerifying()
        let tellImages = {
            try verification.finish()
            return tellsImage ? [try WrittenImage(image, opened: flattened.layers)] : []
        }
        reporter.layer(1, of: 1, title: "root file system", size: flattened.size)
        switch format {
        case .tar:
            return try destination.write(progress: reporter) { sink in
                _ = try FlatTreeWriter.write(flattened.tree, to: ProgressSink(to: sink, reporter))
                return try tellImages()
            }
        case .squashfs:
            return try await destination.writeFile(progress: reporter) { file in
                try await Sqfstar(surroundings: surroundings, reporter: reporter).make(flattened.tree, in: file)
                return try tellImages()
            }
        }
    }
}
