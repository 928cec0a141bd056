import ByteIO
import Compression
import Errors
import Glibc
import Images
import SystemPackage

/// Where an image is written.
package enum ImageOutput: Sendable {
    /// A file, whole or not at all; and its path as people are told it.
    case file(FilePath, shown: String)
    case standardOutput

    /// The output that `-o` names, or by default a file in the current directory that is called after the image.
    package init(
        _ argument: String?, name: String, format: ArchiveFormat = .dockerArchive, compressor: Compressor,
        in directory: FilePath
    ) {
        self.init(argument, name: name, suffix: format.suffix(compressor), in: directory)
    }

    /// - Parameters:
    ///   - name: what the file is called after: the last part of an image's name.
    ///   - suffix: what is put behind that.
    init(_ argument: String?, name: String, suffix: String, in directory: FilePath) {
        let last = name.split(separator: "/").last.map(String.init) ?? name
        let argument = argument ?? last + suffix
        self = argument == "-" ? .standardOutput : .file(directory.pushing(FilePath(argument)), shown: argument)
    }

    /// Refuses an output that no image should go to: a terminal, or one of the inputs.
    ///
    /// - Parameter inputs: files that the image is made from.
    /// - Throws: `ToolError` with code `usage` for a terminal, `data` for an input.
    package func check(inputs: [FilePath]) throws {
        switch self {
        case .standardOutput:
            guard isatty(STDOUT_FILENO) == 0 else {
                throw ToolError(
                    .usage, "cannot write the image to standard output", cause: "it is a terminal",
                    remedy: "pipe it into `docker load`, or redirect it to a file")
            }
        case .file(let path, let shown):
            try Self.check(path, shown, inputs: inputs, option: "--output")
        }
    }

    /// Refuses a file for what is known of the image that would take the place of the image or of an input.
    ///
    /// - Throws: `ToolError` with code `data`.
    package func check(jsonFile: FilePath, inputs: [FilePath]) throws {
        try Self.check(jsonFile, jsonFile.string, inputs: inputs, option: "--json-file")
        if case .file(let path, _) = self, path.place == jsonFile.place {
            throw ToolError(
                .data, "cannot write to \(jsonFile)", cause: "it is also the image's output",
                remedy: "name another file with --json-file")
        }
    }

    private static func check(_ path: FilePath, _ shown: String, inputs: [FilePath], option: String) throws {
        let output = identity(path)
        for input in inputs where (output != nil && identity(input) == output) || holds(input, path) {
            throw ToolError(
                .data, "cannot write to \(shown)", cause: "it is also an input of this image: \(input)",
                remedy: "name another output with \(option)")
        }
    }

    /// Writes images.
    ///
    /// - Throws: `ToolError`; then there is no output.
    func write(
        _ images: [any Image], format: ArchiveFormat, compressor: Compressor, _ context: Context,
        progress: any Progress
    ) throws -> ImageResult {
        switch format {
        case .ociLayout: try writeLayout(images, compressor, context, progress)
        case .ociArchive:
            try write(progress: progress) {
                try OCIArchiveWriter(to: $0, compressor: compressor, spool: context.spool, progress: progress)
                    .write(images)
            }
        case .dockerArchive:
            try write(progress: progress) { sink in
                let archive: any ArchiveSink = CompressingSink(compressor, to: sink) ?? sink
                return try DockerArchiveWriter(to: archive, progress: progress).write(images)
            }
        }
    }

    /// Writes to the output, whole or not at all.
    ///
    /// - Parameter body: writes to a sink, and tells which images it wrote.
    /// - Throws: `ToolError`; then there is no output.
    func write(progress: any Progress, _ body: (DescriptorSink) throws -> [ImageSummary]) throws -> ImageResult {
        defer { progress.finish() }
        switch self {
        case .standardOutput:
            let sink = DescriptorSink(STDOUT_FILENO, name: "standard output")
            return ImageResult(images: try body(sink), output: "-", size: sink.size)
        case .file(let path, let shown):
            let file = try OutputFile(path)
            let sink = DescriptorSink(file.descriptor, name: shown)
            let images = try body(sink)
            try file.commit()
            return ImageResult(images: images, output: shown, size: sink.size)
        }
    }

    /// Lets another program write the output, whole or not at all.
    ///
    /// - Parameter body: writes to an empty file, and tells which images it wrote.
    /// - Throws: `ToolError`; then there is no output.
    func writeFile(
        progress: any Progress, _ body: (FilePath) async throws -> [ImageSummary]
    ) async throws -> ImageResult {
        defer { progress.finish() }
        guard case .file(let path, let shown) = self else {
            throw ToolError(
                .usage, "cannot write a squashfs to standard output",
                cause: "it is not written in one go",
                remedy: "name a file with --output, or choose --format tar")
        }
        let file = try OutputFile(path, onlyRegular: true)
        let images = try await body(file.partial)
        try file.commit()
        return ImageResult(images: images, output: shown, size: file.size)
    }

    private func writeLayout(
        _ images: [any Image], _ compressor: Compressor, _ context: Context, _ progress: any Progress
    ) throws -> ImageResult {
        defer { progress.finish() }
        guard case .file(let path, let shown) = self else {
            throw ToolError(
                .usage, "cannot write an OCI layout to standard output", cause: "it is a directory, and no single file",
                remedy: "name a directory with --output, or choose --format oci-archive")
        }
        let directory = try OutputDirectory(path)
        let writer = OCILayoutWriter(in: directory.path, compressor: compressor, progress: progress)
        let images = try writer.write(images)
        try directory.commit()
        return ImageResult(images: images, output: shown, size: writer.size)
    }

    /// Whether a path lies in a directory that is an input: what is written there would be in the next image.
    private static func holds(_ directory: FilePath, _ path: FilePath) -> Bool {
        guard let directory = directory.real, let place = path.place else { return false }
        return place != directory && place.starts(with: directory)
    }

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

/// The form of an image in a file or a directory.
package enum ArchiveFormat: String, CaseIterable, Sendable {
    /// What `docker save` writes and `docker load` reads.
    case dockerArchive = "docker-archive"
    /// An OCI image layout in a tar, with Docker's manifest.json beside it, so that `docker load` reads it too.
    case ociArchive = "oci-archive"
    /// An OCI image layout as a directory.
    case ociLayout = "oci-layout"

    /// What is put behind the image's name in the name of the output.
    func suffix(_ compressor: Compressor) -> String {
        switch self {
        case .dockerArchive: ".tar\(compressor.suffix)"
        case .ociArchive: ".tar"
        case .ociLayout: ".oci"
        }
    }
}
