import ByteIO
import Compression
import JSON
import OCI
import Tar

/// Writes images as an OCI layout in a tar, with Docker's `manifest.json` beside it that names the same blobs: `docker load`
/// and `skopeo copy oci-archive:` both read it.
package final class OCIArchiveWriter: OCIBlobStore {
    private static let owner = TarOwner()

    /// From here on, 4 GiB, a blob may come to the 8 GiB whose header takes more than a block: so it is not written before
    /// its size is known.
    private static let largeBlob: UInt64 = 4 << 30

    private let sink: any ArchiveSink
    private let tar: TarWriter
    private let compressor: Compressor
    private let spool: SpoolDirectory
    private let progress: any Progress

    /// - Parameters:
    ///   - compressor: of the layers.
    ///   - spool: where a compressed layer waits for its name, if the sink does not let it come late.
    package init(to sink: any ArchiveSink, compressor: Compressor, spool: SpoolDirectory, progress: any Progress) {
        self.sink = sink
        tar = TarWriter(to: sink, owner: Self.owner)
        self.compressor = compressor
        self.spool = spool
        self.progress = progress
    }

    /// Writes an archive of images, to its end.
    ///
    /// - Returns: what is known of each, in their order.
    package func write(_ images: [any Image]) throws -> [ImageSummary] {
        var writer = OCIImageWriter(self, compressor: compressor, progress: progress)
        let placed = try writer.write(images)
        try add(file: "manifest.json", Array(Self.dockerManifest(of: placed).canonical.utf8))
        if let image = images.first, images.count == 1 {
            for (name, bytes) in image.extraMembers { try add(file: name, bytes) }
        }
        try tar.finish()
        try sink.finish()
        return placed.map(\.image)
    }

    func add(about size: UInt64, _ write: (BlobSink) throws -> Void) throws -> OCIBlob {
        try tar.flush()
        let blob: OCIBlob
        if sink.supportsBackpatching, size < Self.largeBlob {
            let place = try sink.reserve(TarWriter.blockSize)
            blob = try Self.write(to: sink, write)
            try sink.fill(place, Self.header(of: blob))
        } else {
            let (range, spooled) = try spool.makeFile("a blob").keep { try Self.write(to: $0, write) }
            blob = spooled
            try sink.writeReserved(Self.header(of: blob))
            try range.copy(to: sink)
        }
        try tar.endBody(UInt64(Self.header(of: blob).count))
        try tar.endBody(blob.size)
        return blob
    }

    func add(file name: String, _ bytes: [UInt8]) throws {
        try Array(name.utf8).withUnsafeBytes { path in
            try tar.header(TarEntry(path: path, kind: .file, mode: 0o444, size: UInt64(bytes.count)))
        }
        try tar.body(bytes)
    }

    private static func write(to sink: any ByteSink, _ write: (BlobSink) throws -> Void) throws -> OCIBlob {
        let blob = try BlobSink(to: sink)
        try write(blob)
        return OCIBlob(digest: try blob.digest(), size: blob.size)
    }

    private static func header(of blob: OCIBlob) throws -> [UInt8] {
        try Array(OCIBlob.path(blob.digest).utf8).withUnsafeBytes { path in
            try TarWriter.headerBytes(TarEntry(path: path, kind: .file, mode: 0o444, size: blob.size), owner: owner)
        }
    }

    private static func dockerManifest(of images: [OCIImageWriter.Placed]) -> JSONValue {
        .array(
            images.map { placed in
                [
                    "Config": .string(OCIBlob.path(placed.config.digest)),
                    "RepoTags": .array(placed.image.names.filter(\.isComplete).map { .string("\($0)") }),
                    "Layers": .array(placed.layers.map { .string(OCIBlob.path($0.digest)) }),
                ]
            })
    }
}
