import Compression
import Errors
import Images

extension DockerTools {
    /// Writes the root file system of an image as one tar or squashfs.
    ///
    /// The layers are merged from tar to tar: nothing is unpacked, and root is not needed.
    ///
    /// - Parameters:
    ///   - source: the image, or the spec that it is built from.
    ///   - output: the path of the output, `-` for standard output; nil: a file that is named after the image.
    ///   - format: the format; nil: a squashfs if the output ends in `.squashfs`, else a tar.
    ///   - jsonFile: a file for a JSON description of the image; nil: there is none.
    ///   - describesImage: whether the result describes the image, which may require reading all files once more.
    /// - Throws: `ToolError`; there is no output then.
    @discardableResult
    public func export(
        _ source: ImageSource, to output: String?, format: ExportFormat? = nil, jsonFile: String? = nil,
        describesImage: Bool = false
    ) async throws -> ImageResult {
        try await run {
            let format = try ExportFormat.choose(format, for: output, context.reporter)
            let opened = try OpenedSource.open(source, context) {
                SpecVerb.impliedForExport(by: $0, sets: source.overrides)
            }
            let inputs = opened.inputs
            // A conflict is found before the work if the output is known.
            if output != nil { try ImageWriter(to: output, name: "", suffix: "", context).check(inputs: inputs) }
            let image = try await opened.image()
            let rootfs = try ImageRootfs.merge(
                image.layers, spool: context.spool, needsBodies: true, needsIndex: false,
                sizeLimit: context.maxLayerSize)
            let writer = ImageWriter(to: output, name: image.name ?? "image", suffix: format.suffix, context)
            try writer.check(inputs: inputs, jsonFile: jsonFile)
            let result = try await write(rootfs, format, to: writer) {
                describesImage || jsonFile != nil ? [try ImageSummary(image, opened: rootfs.layers)] : []
            }
            try result.write(result.json, to: jsonFile, context)
            return result
        }
    }

    private func write(
        _ rootfs: ImageRootfs, _ format: ExportFormat, to writer: ImageWriter, describe: () throws -> [ImageSummary]
    ) async throws -> ImageResult {
        // Other threads verify the layers while this one writes. The output becomes visible when both are done.
        let verification = rootfs.beginVerifying()
        context.reporter.layer(1, of: 1, title: "root file system", size: rootfs.size)
        switch format {
        case .tar:
            return try writer.write { sink in
                _ = try RootfsWriter.write(rootfs.tree, to: ProgressSink(to: sink, context.reporter))
                try verification.finish()
                return try describe()
            }
        case .squashfs:
            return try await writer.writeSquashfs { file in
                try await Sqfstar(context: context).make(rootfs.tree, in: file)
                try verification.finish()
                return try describe()
            }
        }
    }
}

extension ImageSource {
    /// The overrides of a spec file.
    fileprivate var overrides: [String] {
        if case .specFile(_, let reading) = self { reading.overrides } else { [] }
    }
}

/// The format of an exported root file system.
public enum ExportFormat: String, CaseIterable, Sendable {
    /// One tar.
    case tar
    /// A compressed file system that can be mounted. It needs the program `sqfstar`.
    case squashfs

    /// The ending of an output's default name.
    var suffix: String { "-rootfs.\(rawValue)" }

    /// Chooses the format: the one that is asked for, else the one that the output's ending says.
    ///
    /// - Throws: `ToolError` with code `usage` for an ending that no root file system has.
    fileprivate static func choose(
        _ asked: ExportFormat?, for output: String?, _ reporter: any Reporter
    ) throws -> ExportFormat {
        let ending = try OutputEnding.of(output)
        let format = asked ?? (ending == .squashfs ? .squashfs : .tar)
        guard let output, let ending else { return format }
        if ending == .layout {
            throw ToolError(
                .usage, "cannot write '\(output)'", cause: "a root file system is not an OCI layout",
                remedy: "name it .tar or .squashfs")
        }
        if format == .tar { try OutputEnding.check(uncompressed: output, "the tar of a root file system") }
        if ending != (format == .tar ? .tar(.none) : .squashfs) {
            reporter.warn("'\(output)' does not hold what its ending says: it is a \(format.rawValue)")
        }
        return format
    }
}
