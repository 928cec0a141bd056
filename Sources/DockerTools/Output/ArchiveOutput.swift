import Archives
import Failures
import Glibc
import Images
import SystemPackage

/// Where an archive is written.
public enum ArchiveOutput: Sendable {
    /// A file, whole or not at all; and its path as people are told it.
    case file(FilePath, shown: String)
    case standardOutput

    /// The output that `-o` names, or by default a file in the current folder that is called after the image.
    public init(_ argument: String?, name: String, compressor: Compressor, in folder: FilePath) {
        let last = name.split(separator: "/").last.map(String.init) ?? name
        let argument = argument ?? "\(last).tar\(compressor.suffix)"
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

    /// Writes an image as a docker-archive.
    ///
    /// - Throws: `Failure`; then there is no output.
    public func write(_ image: some Image, compressor: Compressor, progress: any Progress) throws -> ImageResult {
        defer { progress.finish() }
        switch self {
        case .standardOutput:
            let sink = DescriptorSink(STDOUT_FILENO, name: "standard output")
            let written = try Self.write(image, compressor, to: sink, progress)
            return ImageResult(image: written, output: "-", size: sink.size)
        case .file(let path, let shown):
            let file = try OutputFile(path)
            let sink = DescriptorSink(file.descriptor, name: shown)
            let written = try Self.write(image, compressor, to: sink, progress)
            try file.commit()
            return ImageResult(image: written, output: shown, size: sink.size)
        }
    }

    private static func write(
        _ image: some Image, _ compressor: Compressor, to sink: DescriptorSink, _ progress: any Progress
    ) throws -> WrittenImage {
        let archive: any ArchiveSink = CompressingSink(compressor, to: sink) ?? sink
        return try DockerArchiveWriter(to: archive, progress: progress).write(image)
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
