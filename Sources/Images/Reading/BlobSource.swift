import Archives
import Failures

/// Where the blobs of an image come from that lies in no archive: a registry.
public protocol BlobSource: Sendable {
    /// What is read, for errors: `'docker.io/library/redis:7'`.
    var name: String { get }

    /// The bytes of a manifest, an index or a config.
    ///
    /// - Throws: `Failure` if it cannot be had, or is larger than such a thing may be.
    func record(_ descriptor: OCIDescriptor) throws -> [UInt8]

    /// The file of a layer, verified when it has been brought.
    func layer(_ descriptor: OCIDescriptor) throws -> any RemoteFile
}

/// The same as the files of an image.
private struct BlobFiles: ImageFiles {
    let source: any BlobSource
    let keepsLayers: Bool

    var name: String { source.name }

    /// There are no files but blobs.
    func file(_ path: String) -> ImageFile? { nil }

    func record(_ descriptor: OCIDescriptor, _ what: String) throws -> [UInt8] { try source.record(descriptor) }

    func layer(_ descriptor: OCIDescriptor) throws -> ImageFile? {
        let place: ImageFile.Place = keepsLayers ? .elsewhere(try source.layer(descriptor)) : .passedOver
        return ImageFile(size: descriptor.size, place: place)
    }
}

extension ImageArchive {
    /// Reads the image of a manifest; of an index the one for the context's platform.
    ///
    /// - Parameters:
    ///   - root: the manifest or the index.
    ///   - names: those that the image has.
    /// - Throws: `Failure` with code `data` if it is damaged, is no image, or contradicts itself; what the source throws.
    public init(
        _ source: any BlobSource, root: OCIDescriptor, names: [ImageName], _ context: ReadingContext
    ) throws {
        let files = BlobFiles(source: source, keepsLayers: context.keepsLayers)
        name = source.name
        form = .registry
        images = try OCIIndex(files, context).images(root, names: names, depth: 1)
        buildArgs = nil
        guard !images.isEmpty else {
            throw files.failure("it is no image: its manifest is of the media type \(root.mediaType)")
        }
    }
}
