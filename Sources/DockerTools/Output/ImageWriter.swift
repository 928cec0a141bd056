import ByteIO
import Compression
import Errors
import Glibc
import Images
import OCI
import SystemPackage

/// Writes images, or other files made of them, to an output.
struct ImageWriter {
    /// The place of the output.
    private enum Place {
        /// A file or directory, and its path in messages.
        case file(FilePath, shown: String)
        case standardOutput
    }

    private let place: Place
    private let context: Context

    /// Creates a writer.
    ///
    /// - Parameters:
    ///   - path: the path of the output, `-` for standard output; nil: a file in the current directory.
    ///   - name: the name of the image. Its last part is the default name of the output, if it can be part of a name.
    ///   - suffix: the ending of the default name.
    init(to path: String?, name: String, suffix: String, _ context: Context) {
        let last = name.split(separator: "/").last.map { ReferenceGrammar.isComponent($0) ? String($0) : "image" }
        let path = path ?? (last ?? name) + suffix
        place =
            path == "-"
            ? .standardOutput : .file(context.currentDirectory.pushing(FilePath(path)), shown: path)
        self.context = context
    }

    private var progress: any Reporter { context.reporter }

    /// Whether the output is standard output, where nothing can be undone.
    var isStandardOutput: Bool {
        if case .standardOutput = place { true } else { false }
    }
}

extension ImageWriter {
    /// Checks the output and the JSON file before the work begins.
    ///
    /// - Parameters:
    ///   - inputs: the files that the image is made from.
    ///   - jsonFile: the file for a description of the image; nil: there is none.
    /// - Throws: `ToolError` with code `usage` if the output is a terminal, `data` if an output is also an input.
    func check(inputs: [FilePath], jsonFile: String? = nil) throws {
        switch place {
        case .standardOutput:
            guard isatty(STDOUT_FILENO) == 0 else {
                throw ToolError(
                    .usage, "cannot write the image to standard output", cause: "it is a terminal",
                    remedy: "pipe it into `docker load`, or redirect it to a file")
            }
        case .file(let path, let shown): try Self.check(path, shown, inputs: inputs, setting: .output)
        }
        guard let jsonFile else { return }
        let path = context.currentDirectory.pushing(FilePath(jsonFile))
        try Self.check(path, path.string, inputs: inputs, setting: .jsonFile)
        if case .file(let output, _) = place, output.place == path.place {
            throw ToolError(
                .data, "cannot write to \(path)", cause: "it is also the image's output",
                remedy: "name another file with \(.jsonFile)")
        }
    }

    private static func check(_ path: FilePath, _ shown: String, inputs: [FilePath], setting: Setting) throws {
        let output = identity(path)
        for input in inputs where (output != nil && identity(input) == output) || contains(input, path) {
            throw ToolError(
                .data, "cannot write to \(shown)", cause: "it is also an input of this image: \(input)",
                remedy: "name another output with \(setting)")
        }
    }

    /// Returns whether a path is inside of an input directory: the next image would contain the output.
    private static func contains(_ directory: FilePath, _ path: FilePath) -> Bool {
        guard let directory = directory.real, let place = path.place else { return false }
        return place != directory && place.starts(with: directory)
    }

    /// The identity of a file on this machine.
    private struct Identity: Equatable {
        let device: dev_t
        let inode: ino_t
    }

    private static func identity(_ path: FilePath) -> Identity? {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
        return Identity(device: status.st_dev, inode: status.st_ino)
    }
}

extension ImageWriter {
    /// Writes images.
    ///
    /// - Throws: `ToolError`; there is no output then.
    func write(_ images: [any Image], _ form: OutputForm) throws -> ImageResult {
        switch form.format {
        case .ociLayout: try writeLayout(images, form.compressor)
        case .ociArchive:
            try write {
                try OCIArchiveWriter(to: $0, compressor: form.compressor, spool: context.spool, progress: progress)
                    .write(images)
            }
        case .dockerArchive:
            try write { sink in
                let archive: any ArchiveSink = CompressingSink(form.compressor, to: sink) ?? sink
                return try DockerArchiveWriter(to: archive, progress: progress).write(images)
            }
        }
    }

    /// Writes an output in one pass.
    ///
    /// - Parameter body: writes to a sink, and returns descriptions of the written images.
    /// - Throws: `ToolError`; there is no output then.
    func write(_ body: (DescriptorSink) throws -> [ImageSummary]) throws -> ImageResult {
        switch place {
        case .standardOutput:
            let sink = DescriptorSink(STDOUT_FILENO, name: "standard output")
            return ImageResult(images: try body(sink), output: "-", size: sink.size)
        case .file(let path, let shown):
            let file = try OutputFile(path, context)
            let sink = DescriptorSink(file.descriptor, name: shown)
            let images = try body(sink)
            try file.commit()
            return ImageResult(images: images, output: shown, size: sink.size)
        }
    }

    /// Writes a squashfs, which another program creates in a file.
    ///
    /// - Parameter body: writes to an empty file, and returns descriptions of the written images.
    /// - Throws: `ToolError`; there is no output then.
    func writeSquashfs(_ body: (FilePath) async throws -> [ImageSummary]) async throws -> ImageResult {
        guard case .file(let path, let shown) = place else {
            throw ToolError(
                .usage, "cannot write a squashfs to standard output", cause: "it is not written in one pass",
                remedy: "name a file with \(.output), or choose the \(.format) tar")
        }
        let file = try OutputFile(path, context, onlyRegular: true)
        let images = try await body(file.partial)
        try file.commit()
        return ImageResult(images: images, output: shown, size: file.size)
    }

    private func writeLayout(_ images: [any Image], _ compressor: Compressor) throws -> ImageResult {
        guard case .file(let path, let shown) = place else {
            throw ToolError(
                .usage, "cannot write an OCI layout to standard output", cause: "it is a directory, not a single file",
                remedy: "name a directory with \(.output), or choose the \(.format) oci-archive")
        }
        let directory = try OutputDirectory(path, context)
        let writer = OCILayoutWriter(in: directory.path, compressor: compressor, progress: progress)
        let images = try writer.write(images)
        try directory.commit()
        return ImageResult(images: images, output: shown, size: writer.size)
    }
}
