package import OCI

/// The place of an image's blobs that is not an archive: a registry.
package protocol BlobSource: Sendable {
    /// The image's name in errors: `'docker.io/library/redis:7'`.
    var name: String { get }

    /// The bytes of a manifest, an index or a config.
    ///
    /// - Throws: `ToolError` if it cannot be fetched, or is larger than such a document may be.
    func document(_ descriptor: Descriptor) throws -> [UInt8]

    /// The file of a layer, which is verified when it is fetched.
    func layer(_ descriptor: Descriptor) throws -> any RemoteFile
}

/// Adapts a `BlobSource` to `ImageFiles`.
private struct BlobFiles: ImageFiles {
    let source: any BlobSource
    let keepsLayers: Bool

    var name: String { source.name }

    var isLocal: Bool { false }

    /// Nil: there are only blobs.
    func file(_ path: String) -> ImageFile? { nil }

    func document(_ descriptor: Descriptor, _ what: String) throws -> [UInt8] { try source.document(descriptor) }

    func layer(_ descriptor: Descriptor) throws -> ImageFile? {
        let place: ImageFile.Place = keepsLayers ? .remote(try source.layer(descriptor)) : .skipped
        return ImageFile(size: descriptor.size, place: place)
    }
}

extension ImageRoot {
    /// Reads the contents of a manifest or an index.
    ///
    /// - Parameters:
    ///   - source: the place of the blobs.
    ///   - root: the manifest or the index.
    ///   - names: the names of the image.
    /// - Throws: `ToolError` with code `data` if it is damaged; the errors of the source.
    package static func read(
        _ source: any BlobSource, root: Blob, names: [ImageName], _ context: ReadingContext
    ) throws -> ImageRoot {
        try ImageRootReader(BlobFiles(source: source, keepsLayers: false), context).root(root, names: names)
    }
}

extension ImageArchive {
    /// Reads the image of a manifest; of an index the one for the context's platform.
    ///
    /// - Parameters:
    ///   - source: the place of the blobs.
    ///   - root: the manifest or the index.
    ///   - names: the names of the image.
    /// - Throws: `ToolError` with code `data` if it is damaged, is not an image, or contradicts itself; the errors of
    ///   the source.
    package static func read(
        _ source: any BlobSource, root: Descriptor, names: [ImageName], _ context: ReadingContext
    ) throws -> ImageArchive {
        let files = BlobFiles(source: source, keepsLayers: context.keepsLayers)
        let contents = try OCIIndexReader(files, context).contents(root, names: names, depth: 1)
        guard !contents.images.isEmpty else {
            throw files.failure("it is not an image, but an artifact: \(OCIIndexReader.types(contents.artifacts))")
        }
        return ImageArchive(name: source.name, form: .registry, contents, buildArgs: nil)
    }
}
