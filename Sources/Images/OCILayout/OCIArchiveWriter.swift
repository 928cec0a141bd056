package import ByteIO
package import Compression
import JSON
package import OCI
import Tar

/// Writes images as an OCI layout in a tar, with Docker's `manifest.json` that names the same blobs: `docker load` and
/// `skopeo copy oci-archive:` both read it.
package final class OCIArchiveWriter: OCIBlobStore {
    private static let owner = TarOwner()

    /// The size from which on a blob is written only once its exact size is known: 4 GiB. It might reach the 8 GiB
    /// whose header takes more than one block.
    private static let largeBlob: UInt64 = 4 << 30

    private let sink: any ArchiveSink
    private let tar: TarWriter
    private let compressor: Compressor
    private let spool: SpoolDirectory
    private let progress: any Progress

    /// - Parameters:
    ///   - sink: receives the archive.
    ///   - compressor: the compressor of the layers.
    ///   - spool: where a compressed layer is kept until its digest is known, if the sink does not support
    ///     backpatching.
    ///   - progress: receives the progress of the layers.
    package init(to sink: any ArchiveSink, compressor: Compressor, spool: SpoolDirectory, progress: any Progress) {
        self.sink = sink
        tar = TarWriter(to: sink, owner: Self.owner)
        self.compressor = compressor
        self.spool = spool
        self.progress = progress
    }

    /// Writes a whole archive of images.
    ///
    /// - Returns: the summary of each image, in their order.
    package func write(_ images: [any Image]) throws -> [ImageSummary] {
        try write(images, OCIImageWriter(self, compressor: compressor, progress: progress)).map(\.image)
    }

    /// Writes a whole archive of one image without the layers that its reader has, for Docker's image store with
    /// containerd, and podman. The index states what `ManifestRecord` reads.
    ///
    /// - Returns: the summary of the image, and the digest of its manifest.
    package func write(_ missing: MissingBlobs) throws -> (image: ImageSummary, manifest: Digest) {
        var writer = OCIImageWriter(self, compressor: .none, progress: progress, present: missing.descriptors)
        writer.statesManifest = true
        let written = try write([missing.image], writer)[0]
        return (written.image, try written.manifest.blob().descriptor.digest)
    }

    private func write(_ images: [any Image], _ writer: OCIImageWriter) throws -> [OCIImageWriter.Written] {
        var writer = writer
        let written = try writer.write(images)
        try add(file: "manifest.json", Array(Self.dockerManifest(of: written).json.canonical.utf8))
        if let image = images.first, images.count == 1 {
            for (name, bytes) in image.extraMembers { try add(file: name, bytes) }
        }
        try tar.finish()
        try sink.finish()
        return written
    }

    func add(_ mediaType: String, about size: UInt64, _ write: (BlobSink) throws -> Void) throws -> Descriptor {
        try tar.flush()
        let blob: Descriptor
        if sink.supportsBackpatching, size < Self.largeBlob {
            let place = try sink.reserve(TarWriter.blockSize)
            blob = try Self.write(mediaType, to: sink, write)
            try sink.fill(place, Self.header(of: blob))
        } else {
            let (range, spooled) = try spool.makeFile("a blob").keep { try Self.write(mediaType, to: $0, write) }
            blob = spooled
            try sink.write(Self.header(of: blob))
            try range.copy(to: sink)
        }
        try tar.endBody(UInt64(Self.header(of: blob).count))
        try tar.endBody(blob.size)
        return blob
    }

    func add(_ known: Descriptor, _ write: (BlobSink) throws -> Void) throws {
        guard !sink.supportsBackpatching else {
            return try Self.require(known, try add(known.mediaType, about: known.size, write))
        }
        try tar.flush()
        let header = try Self.header(of: known)
        try sink.write(header)
        try Self.require(known, try Self.write(known.mediaType, to: sink, write))
        try tar.endBody(UInt64(header.count))
        try tar.endBody(known.size)
    }

    func add(file name: String, _ bytes: [UInt8]) throws {
        try tar.file(name, bytes)
    }

    private static func write(
        _ mediaType: String, to sink: any ByteSink, _ write: (BlobSink) throws -> Void
    ) throws -> Descriptor {
        let blob = try BlobSink(to: sink)
        try write(blob)
        return try blob.descriptor(mediaType)
    }

    private static func header(of blob: Descriptor) throws -> [UInt8] {
        try Array(blob.digest.blobPath.utf8).withUnsafeBytes { path in
            try TarWriter.headerBytes(TarEntry(path: path, kind: .file, mode: 0o444, size: blob.size), owner: owner)
        }
    }

    private static func dockerManifest(of images: [OCIImageWriter.Written]) -> DockerManifest {
        DockerManifest(
            images.map { written in
                DockerManifest.Entry(
                    config: written.manifest.config.digest.blobPath,
                    repoTags: written.image.names.filter(\.isComplete).map { "\($0)" },
                    layers: written.manifest.layers.map(\.digest.blobPath))
            })
    }
}
