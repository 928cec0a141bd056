import Images
import SystemPackage

/// Writes the file system that an image comes to: what a container of it finds, as one tar or squashfs.
///
/// The layers are merged from tar to tar: nothing is unpacked, and nobody need be root.
package struct Export: Sendable {
    private let argument: ImageArgument
    private let format: ExportFormat
    private let context: Context
    private let reporter: any Reporter

    /// - Parameter argument: the image, or the spec that it is made from.
    package init(
        _ argument: ImageArgument, format: ExportFormat = .tar, context: Context, reporter: any Reporter
    ) {
        self.argument = argument
        self.format = format
        self.context = context
        self.reporter = reporter
    }

    /// - Parameters:
    ///   - output: the output's path, `-` for standard output, nil for a file called after the image.
    ///   - tellsImage: whether the result tells of the image, which may take the reading of all its files once more.
    /// - Throws: `ToolError`; then there is no output.
    package func write(to output: String?, jsonFile: String?, tellsImage: Bool) async throws -> ImageResult {
        let directory = context.currentDirectory
        let origin = try ImageOrigin(argument, context, reporter) { [argument] in
            SpecVerb.impliedForExport(by: $0, sets: argument.sets)
        }
        let inputs = origin.inputs(context)
        // Before the work, as far as it is known: it would be in vain.
        if let output { try ImageOutput(output, name: "", suffix: "", in: directory).check(inputs: inputs) }
        let image = try await origin.image(context, reporter)
        let flattened = try ImageRootfs.merge(image.layers, spool: context.spool, needsBodies: true)
        let destination = ImageOutput(output, name: image.name ?? "image", suffix: format.suffix, in: directory)
        try destination.check(inputs: inputs)
        if let jsonFile { try destination.check(jsonFile: directory.pushing(FilePath(jsonFile)), inputs: inputs) }
        // Another thread hashes the layers while this one writes; the output counts when both are done.
        let verification = flattened.beginVerifying()
        let tellImages = {
            try verification.finish()
            return tellsImage ? [try ImageSummary(image, opened: flattened.layers)] : []
        }
        reporter.layer(1, of: 1, title: "root file system", size: flattened.size)
        switch format {
        case .tar:
            return try destination.write(progress: reporter) { sink in
                _ = try RootfsWriter.write(flattened.tree, to: ProgressSink(to: sink, reporter))
                return try tellImages()
            }
        case .squashfs:
            return try await destination.writeFile(progress: reporter) { file in
                try await Sqfstar(context: context, reporter: reporter).make(flattened.tree, in: file)
                return try tellImages()
            }
        }
    }
}

/// The form of an exported root file system.
package enum ExportFormat: String, CaseIterable, Sendable {
    /// One tar.
    case tar
    /// A compressed file system to be mounted, made by the program `sqfstar`.
    case squashfs

    /// What is put behind the image's name in the name of the output.
    var suffix: String { "-rootfs.\(rawValue)" }
}
