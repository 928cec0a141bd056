import ByteIO
import Compression
import Errors
import Glibc
import JSON
import OCI
import SystemPackage

/// What an archive or a directory says about the images in it; the layers themselves stay where they are.
package struct ImageArchive: Sendable {
    /// How the images lie in it.
    package enum Form: String, Sendable {
        /// `manifest.json` and what it names: of Docker, podman, skopeo, nixpkgs. Docker 25 and later, and this program's
        /// oci-archives, have an OCI layout beside it.
        case docker = "docker-archive"
        /// An OCI image layout.
        case oci = "oci"
        /// A manifest and blobs in a registry.
        case registry
    }

    /// What was read, for errors: `'base.tar.gz'`.
    package let name: String
    package let form: Form
    /// The images in the order of the manifest; at least one.
    package let images: [ArchivedImage]
    /// The arguments the image was built with, by the archive's member `buildArgs.json`; nil where there is none.
    package let buildArgs: JSONValue?

    init(_ files: some ImageFiles, context: ReadingContext) throws {
        name = files.name
        if try files.file("manifest.json") != nil {
            form = .docker
            images = try DockerManifestReader(files, context).images()
        } else if try files.file("index.json") != nil {
            form = .oci
            images = try OCIIndexReader(files, context).images()
        } else {
            throw ToolError(
                .data, "cannot read \(files.name)",
                cause: "it has neither manifest.json nor index.json: it holds no image",
                remedy: "make one with `docker save`, or `skopeo copy … docker-archive:FILE`")
        }
        buildArgs = try files.file("buildArgs.json").map { _ in
            try files.value("buildArgs.json", "the build arguments")
        }
    }
}

extension ImageArchive {
    /// Chooses an image by its name, its tag or both, exactly; with neither the first.
    ///
    /// - Throws: `ToolError` with code `data` that lists the names of those that are there.
    package func image(name: String?, tag: String?) throws -> ArchivedImage {
        let chosen = images.first { image in
            guard name != nil || tag != nil else { return true }
            return image.names.contains { (name == nil || $0.name == name) && (tag == nil || $0.tag == tag) }
        }
        guard let chosen else { throw missing(ImageName(name: name, tag: tag)) }
        return chosen
    }

    /// Chooses an image by what is written behind `#`: its whole name, or a tag where that is all it has.
    ///
    /// - Throws: `ToolError` with code `data` that lists the names of those that are there.
    package func image(named text: String?) throws -> ArchivedImage {
        guard let text else { return try image(name: nil, tag: nil) }
        guard let chosen = images.first(where: { $0.names.contains { "\($0)" == text || isTag(text, of: $0) } }) else {
            throw missing(ImageName(text))
        }
        return chosen
    }

    /// What an OCI layout calls a name is but a tag in most of them.
    private func isTag(_ text: String, of name: ImageName) -> Bool { form == .oci && name.tag == text }

    private func missing(_ name: ImageName) -> ToolError {
        let names = images.flatMap(\.names).map { TerminalText.printable(Array("\($0)".utf8)) }
        let wanted = TerminalText.printable(Array("\(name)".utf8))
        return ToolError(
            .data, "cannot read \(self.name)",
            cause: name.name == nil
                ? "it holds no image with the tag '\(wanted)'" : "it holds no image named '\(wanted)'",
            remedy: names.isEmpty
                ? "leave the name out: the images in it have none"
                : "choose one of those that it holds: \(names.joined(separator: ", "))")
    }
}

extension ImageArchive {
    /// Reads an archive or a directory.
    ///
    /// - Parameter path: an archive, compressed or not; a directory; or `-` for standard input.
    /// - Throws: `ToolError` with code `data` if it is damaged, holds no image, or contradicts itself; with `io` if it cannot
    ///   be read.
    package static func open(_ path: FilePath, _ context: ReadingContext) throws -> ImageArchive {
        let kind = path == "-" ? 0 : try kind(of: path)
        if kind == S_IFDIR { return try ImageArchive(DirectoryFiles(path), context: context) }
        // A FIFO is opened but once: whoever writes to it would be gone the second time.
        if kind == S_IFREG, let file = try plainFile(path) {
            return try ImageArchive(TarFiles(file), context: context)
        }
        let source = try DecompressingSource.open(path)
        return try read(source, name: source.name, context)
    }

    /// Reads a plain archive that comes from somewhere else than a file.
    ///
    /// - Parameter name: what it is, for errors: `'docker-daemon:app:1'`.
    /// - Throws: `ToolError` as `open` does; what the source throws.
    package static func read(
        _ source: any ByteSource, name: String, _ context: ReadingContext
    ) throws -> ImageArchive {
        let files = try TarFiles(source, name: name, spool: context.spool, keepsLayers: context.keepsLayers)
        return try ImageArchive(files, context: context)
    }

    /// The type in the mode of what lies there.
    private static func kind(of path: FilePath) throws -> mode_t {
        var status = stat()
        if path.withPlatformString({ stat($0, &status) }) == 0 { return status.st_mode & S_IFMT }
        let error = Errno.current
        guard error == .noSuchFileOrDirectory || error == .notDirectory else {
            throw ToolError.io("cannot open '\(path)'", error)
        }
        throw ToolError(
            .data, "cannot read '\(path)'", cause: "there is no such image",
            remedy: "check the path: an archive, or the directory of an OCI layout")
    }

    /// The file if it is one that need not be decompressed.
    private static func plainFile(_ path: FilePath) throws -> FileRange? {
        let descriptor = path.withPlatformString { Glibc.open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw ToolError.io("cannot open '\(path)'") }
        let file = try OpenFile(owning: descriptor, name: "'\(path)'")
        guard file.isRegular, try Compression(of: file.whole) == .none else { return nil }
        return file.whole
    }
}
