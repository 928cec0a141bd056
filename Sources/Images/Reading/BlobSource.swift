import ByteIO
import Compression
import OCI

/// Where the blobs of an image come from that lies in no archive: a registry.
package protocol BlobSource: Sendable {
    /// What is read, for errors: `'docker.io/library/redis:7'`.
    var name: String { get }

    /// The bytes of a manifest, an index or a config.
    ///
    /// - Throws: `ToolError` if it cannot be had, or is larger than such a thing may be.
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
    /// - Throws: `ToolError` with code `data` if it is damaged, is no image, or contradicts itself; what the source throws.
    package init(
        _ source: any BlobSource, root: OCIDescriptor, names: [ImageName], _ context: ReadingContext
    ) throws {
        let files = BlobFiles(source: source, keepsLayers: context.keepsLayers)
        name = source.name
        form = .registry
        images = try OCIIndexReader(files, context).images(root, names: names, depth: 1)
        buildArgs = nil
        guard !images.isEmpty else {
            throw files.failure("it is no image: its manifest is of the media type \(root.mediaType)")
        }
    }
}

/// A layer that is compressed where it lies.
struct CompressedLayer {
    private let layer: ArchivedLayer
    private let file: FileRange

    init(_ layer: ArchivedLayer, _ file: FileRange) {
        self.layer = layer
        self.file = file
    }

    /// Writes the plain tar, and compares it and the file with their digests.
    ///
    /// - Throws: `ToolError` with code `data` if the file is damaged or has another digest, or the tar has.
    func decompress(to sink: (any ByteSink)?) throws {
        let wanted = layer.isBrought ? nil : layer.digest
        let hashed = try wanted.map { _ in HashedSource(file.source(), try SHA256()) }
        let plain = try DecompressingSource(hashed ?? file.source(), name: layer.words, limits: .layer)
        let hash = try HashSink(to: sink)
        var buffer = BlockBuffer(capacity: hash.bufferSize)
        while true {
            buffer.advance(try plain.read(into: buffer.room))
            if buffer.filled == 0 { break }
            buffer = try hash.take(buffer)
        }
        if let hashed, let wanted {
            // A decompressor need not read what lies behind its stream, and the digest is of that too.
            _ = try hashed.skip(.max)
            let got = hashed.finish()
            guard got == wanted else { throw layer.mismatch(got: got, wanted: wanted, "its file has the digest") }
        }
        let diffID = try hash.finish()
        guard diffID == layer.diffID else {
            throw layer.mismatch(got: diffID, wanted: layer.diffID, "decompressed it has the digest")
        }
    }
}
