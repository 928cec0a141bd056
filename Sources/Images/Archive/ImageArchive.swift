package import ByteIO
import Compression
import Errors
import Glibc
package import JSON
import OCI
package import SystemPackage

/// The images of an archive, a directory or a registry. The layers are read only when they are opened.
package struct ImageArchive: Sendable {
    /// The format that the images are stored in.
    package enum Form: String, Sendable {
        /// `manifest.json` and the files that it names, as Docker, podman, skopeo and nixpkgs write them. Archives of
        /// Docker 25 and later, and this program's oci-archives, contain an OCI layout too.
        case docker = "docker-archive"
        /// An OCI image layout.
        case oci = "oci"
        /// A manifest and the blobs beside it, each named by its digest: skopeo's `dir:`, podman's docker-dir.
        case directory = "dir"
        /// A manifest and blobs in a registry.
        case registry
    }

    /// The archive's name in errors: `'base.tar.gz'`.
    package let name: String
    /// The format of the images.
    package let form: Form
    /// The images in the order of the manifest; at least one.
    package let images: [ArchivedImage]
    /// What an OCI layout has beside its images.
    package let artifacts: [ImageArtifact]
    /// The arguments that the image was built with, from the member `buildArgs.json`; nil if there is none.
    package let buildArgs: JSONValue?

    init(name: String, form: Form, _ contents: LayoutContents, buildArgs: JSONValue?) {
        self.name = name
        self.form = form
        images = contents.images
        artifacts = contents.artifacts
        self.buildArgs = buildArgs
    }

    static func read(_ files: some ImageFiles, _ context: ReadingContext) throws -> ImageArchive {
        let (form, contents): (Form, LayoutContents)
        if try files.file("manifest.json") != nil {
            let manifest = try files.value("manifest.json", "the manifest")
            if BlobDirectoryReader.reads(manifest) {
                (form, contents) = (.directory, try BlobDirectoryReader.read(files, manifest, context))
            } else {
                let images = try DockerManifestReader(files, context).images(manifest)
                (form, contents) = (.docker, LayoutContents(images: images))
            }
        } else if try files.file("index.json") != nil {
            (form, contents) = (.oci, try OCIIndexReader(files, context).contents())
        } else {
            throw ToolError(
                .data, "cannot read \(files.name)",
                cause: "it has neither manifest.json nor index.json, so it contains no image",
                remedy: "make one with `docker save`, or `skopeo copy … docker-archive:FILE`")
        }
        let buildArgs = try files.file("buildArgs.json").map { _ in
            try files.value("buildArgs.json", "the build arguments")
        }
        return ImageArchive(name: files.name, form: form, contents, buildArgs: buildArgs)
    }
}

extension ImageArchive {
    /// Finds an image by its exact name, tag or both; with neither, the first one.
    ///
    /// - Throws: `ToolError` with code `data` that lists the names in the archive.
    package func image(name: String?, tag: String?) throws -> ArchivedImage {
        let chosen = images.first { image in
            guard name != nil || tag != nil else { return true }
            return image.names.contains { (name == nil || $0.name == name) && (tag == nil || $0.tag == tag) }
        }
        guard let chosen else { throw missing(ImageName(name: name, tag: tag)) }
        return chosen
    }

    /// Finds an image by the text after `#` in a path or behind the directory of a layout: its whole name, whether with its
    /// registry or as Docker shortens it, or its tag in an OCI layout.
    ///
    /// - Throws: `ToolError` with code `data` that lists the names in the archive.
    package func image(named text: String?) throws -> ArchivedImage {
        guard let text else { return try image(name: nil, tag: nil) }
        for rule in ImageName.rules(choosing: text, allowsTag: form == .oci) {
            if let chosen = images.first(where: { $0.names.contains(where: rule) }) { return chosen }
        }
        throw missing(ImageName(text))
    }

    /// The archive without images for other platforms, if the context requires its platform. An image that states no
    /// processor is for any platform.
    ///
    /// - Parameter text: the text that chooses an image, as for `image(named:)`; nil if none is chosen.
    /// - Throws: `ToolError` with code `data` that lists the platforms, if the chosen image or all are for others.
    package func restricted(_ context: ReadingContext, choosing text: String?) throws -> ImageArchive {
        guard context.requiresPlatform else { return self }
        let considered = try text.map { [try image(named: $0)] } ?? images
        let serves = { (image: ArchivedImage) in
            image.config.architecture == nil || image.config.platform.serves(context.platform)
        }
        guard considered.contains(where: serves) else {
            throw PlatformChoice.missing(context.platform, in: name, having: considered.map(\.config.platform))
        }
        let contents = LayoutContents(images: images.filter(serves), artifacts: artifacts)
        return ImageArchive(name: name, form: form, contents, buildArgs: buildArgs)
    }

    private func missing(_ name: ImageName) -> ToolError {
        let names = images.flatMap(\.names).map { TerminalText.printable(Array("\($0)".utf8)) }
        let wanted = TerminalText.printable(Array("\(name)".utf8))
        return ToolError(
            .data, "cannot read \(self.name)",
            cause: name.name == nil
                ? "it contains no image with the tag '\(wanted)'" : "it contains no image named '\(wanted)'",
            remedy: names.isEmpty
                ? "leave the name out: its images have no names"
                : "choose one of its images: \(names.joined(separator: ", "))")
    }
}

extension ImageName {
    /// The rules by which a text chooses a name, the stricter ones first: exactly, with any registry's spelling, and by the
    /// tag alone, which is what most OCI layouts name images by.
    static func rules(choosing text: String, allowsTag: Bool) -> [(ImageName) -> Bool] {
        let wanted = ImageName(text)
        return [{ "\($0)" == text }, { $0.full == wanted.full }, { allowsTag && $0.tag == text }]
    }
}

extension ImageArchive {
    /// Reads an archive or a directory.
    ///
    /// - Parameter path: the path of an archive, compressed or not, or of a directory; `-` for standard input.
    /// - Throws: `ToolError` with code `data` if it is damaged, contains no image, or contradicts itself; with `io` if
    ///   it cannot be read.
    package static func open(_ path: FilePath, _ context: ReadingContext) throws -> ImageArchive {
        try opened(path, context).archive()
    }

    /// Opens an archive or a directory.
    ///
    /// - Throws: as `open` does.
    package static func opened(_ path: FilePath, _ context: ReadingContext) throws -> OpenedArchive {
        OpenedArchive(try files(path, context), context)
    }

    private static func files(_ path: FilePath, _ context: ReadingContext) throws -> any ImageFiles {
        let kind = path == "-" ? 0 : try kind(of: path)
        if kind == S_IFDIR { return try DirectoryFiles.open(path) }
        // A FIFO is opened only once: its writer would be gone the second time.
        if kind == S_IFREG, let file = try uncompressedFile(path) {
            return try TarFiles.read(file, context)
        }
        let source = try DecompressingSource.open(path, limits: context.limits.forArchive)
        return try TarFiles.read(source, name: source.name, context)
    }

    /// Reads an uncompressed archive from a source that is not a file.
    ///
    /// - Parameters:
    ///   - source: gives the bytes of the archive.
    ///   - name: the archive's name in errors: `'docker-daemon:app:1'`.
    /// - Throws: `ToolError` as `open` does; the errors of the source.
    package static func read(
        _ source: any ByteSource, name: String, _ context: ReadingContext
    ) throws -> ImageArchive {
        try read(TarFiles.read(source, name: name, context), context)
    }

    /// The file type in the mode of the file at a path: `S_IFREG`, `S_IFDIR` and so on.
    private static func kind(of path: FilePath) throws -> mode_t {
        var status = stat()
        if path.withPlatformString({ stat($0, &status) }) == 0 { return status.st_mode & S_IFMT }
        let error = Errno.current
        guard error == .noSuchFileOrDirectory || error == .notDirectory else {
            throw ToolError.io("cannot open '\(path)'", error)
        }
        throw ToolError(
            .data, "cannot read '\(path)'", cause: "there is no such file or directory",
            remedy: "check the path: it must be an archive, or the directory of an OCI layout")
    }

    /// The file at a path; nil if it is compressed, or not a regular file.
    private static func uncompressedFile(_ path: FilePath) throws -> FileRange? {
        let descriptor = path.withPlatformString { Glibc.open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw ToolError.io("cannot open '\(path)'") }
        let file = try OpenFile(owning: descriptor, name: "'\(path)'")
        guard file.isRegular, try Compression(of: file.whole) == .none else { return nil }
        return file.whole
    }
}
