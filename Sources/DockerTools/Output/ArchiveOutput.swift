import Archives
import Failures
import Glibc
import Images
import SystemPackage

/// Where an image is written.
public enum ArchiveOutput: Sendable {
    /// A file, whole or not at all; and its path as people are told it.
    case file(FilePath, shown: String)
    case standardOutput

    /// The output that `-o` names, or by default a file in the current folder that is called after the image.
    public init(
        _ argument: String?, name: String, format: ArchiveFormat = .dockerArchive, compressor: Compressor,
        in folder: FilePath
    ) {
        self.init(argument, name: name, suffix: format.suffix(compressor), in: folder)
    }

    /// - Parameters:
    ///   - name: what the file is called after: the last part of an image's name.
    ///   - suffix: what is put behind that.
    init(_ argument: String?, name: String, suffix: String, in folder: FilePath) {
        let last = name.split(separator: "/").last.map(String.init) ?? name
        let argument = argument ?? last + suffix
        self = argument == "-" ? .standardOutput : .file(folder.pushing(FilePath(argument)), shown: argument)
    }

    /// Refuses an output that no image should go to: a terminal, or one of the inputs.
    ///
    /// - Parameter inputs: files that the image is made from.
    /// - Throws: `Failure` with code `usage` for a terminal, `data` for an input.
    public func check(inputs: [FilePath]) throws {
        switch self {
        case .standardOutput:
            guard isatty(STDOUT_FILENO) == 0 else {
                throw Failure(
                    .usage, "cannot write the image to standard output", why: "it is a terminal",
                    advice: "pipe it into `docker load`, or redirect it to a file")
            }
        case .file(let path, let shown):
            try Self.check(path, shown, inputs: inputs, option: "--output")
        }
    }

    /// Refuses a file for what is known of the image that would take the place of the image or of an input.
    ///
    /// - Throws: `Failure` with code `data`.
    public func check(jsonFile: FilePath, inputs: [FilePath]) throws {
        try Self.check(jsonFile, jsonFile.string, inputs: inputs, option: "--json-file")
        if case .file(let path, _) = self, path.place == jsonFile.place {
            throw Failure(
                .data, "cannot write to \(jsonFile)", why: "it is also the image's output",
                advice: "name another file with --json-file")
        }
    }

    private static func check(_ path: FilePath, _ shown: String, inputs: [FilePath], option: String) throws {
        let output = identity(path)
        for input in inputs where (output != nil && identity(input) == output) || holds(input, path) {
            throw Failure(
                .data, "cannot write to \(shown)", why: "it is also an input of this image: \(input)",
                advice: "name another output with \(option)")
        }
    }

    /// Writes images.
    ///
    /// - Throws: `Failure`; then there is no output.
    func write(
        _ images: [any Image], format: ArchiveFormat, compressor: Compressor, _ surroundings: Surroundings,
        progress: any Progress
    ) throws -> ImageResult {
        switch format {
        case .ociLayout: try writeLayout(images, compressor, surroundings, progress)
        case .ociArchive:
            try write(progress: progress) {
                try OCIArchiveWriter(to: $0, compressor: compressor, spool: surroundings.spool, progress: progress)
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
    /// - Throws: `Failure`; then there is no output.
    func write(progress: any Progress, _ body: (DescriptorSink) throws -> [WrittenImage]) throws -> ImageResult {
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
    /// - Throws: `Failure`; then there is no output.
    func writeFile(
        progress: any Progress, _ body: (FilePath) async throws -> [WrittenImage]
    ) async throws -> ImageResult {
        defer { progress.finish() }
        guard case .file(let path, let shown) = self else {
            throw Failure(
                .usage, "cannot write a squashfs to standard output",
                why: "it is not written in one go",
                advice: "name a file with --output, or choose --format tar")
        }
        let file = try OutputFile(path, onlyRegular: true)
        let images = try await body(file.partial)
        try file.commit()
        return ImageResult(images: images, output: shown, size: file.size)
    }

    private func writeLayout(
        _ images: [any Image], _ compressor: Compressor, _ surroundings: Surroundings, _ progress: any Progress
    ) throws -> ImageResult {
        defer { progress.finish() }
        guard case .file(let path, let shown) = self else {
            throw Failure(
                .usage, "cannot write an OCI layout to standard output", why: "it is a folder, and no single file",
                advice: "name a folder with --output, or choose --format oci-archive")
        }
        let folder = try OutputFolder(path)
        let writer = OCILayoutWriter(in: folder.path, compressor: compressor, progress: progress)
        let images = try writer.write(images)
        try folder.commit()
        return ImageResult(images: images, output: shown, size: writer.size)
    }

    /// Whether a path lies in a folder that is an input: what is written there would be in the next image.
    private static func holds(_ folder: FilePath, _ path: FilePath) -> Bool {
        guard let folder = folder.real, let place = path.place else { return false }
        return place != folder && place.starts(with: folder)
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
