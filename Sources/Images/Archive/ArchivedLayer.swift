package import ByteIO
package import Compression
import Errors
package import OCI
package import Store

/// A layer that is stored in an archive, a directory or a registry, compressed or not.
package struct ArchivedLayer: Layer {
    /// The path of its file in the archive.
    package let name: String
    /// The archive's name in errors: `'base.tar.gz'`.
    package let archive: String
    /// The digest of the uncompressed layer that the config states.
    package let statedDiffID: Digest
    /// The digest of the file that a manifest or the file's name states; nil if neither does.
    package let digest: Digest?
    /// The media type of the file that a manifest states; nil if none does.
    let mediaType: String?
    /// The size of the file in bytes.
    package let size: UInt64
    let place: ImageFile.Place
    let context: ReadingContext

    /// The limits on the decompressed layer.
    var limits: DecompressionLimits { context.limits }

    package var storePaths: [StorePath] { [] }

    package var title: String { "base layer" }

    package var displayName: String { "the layer \(TerminalText.quoted(name)) of \(archive)" }

    package var diffID: Digest? { statedDiffID }

    package var storedSize: UInt64? { size }

    package var descriptor: Descriptor? {
        guard let digest, let mediaType else { return nil }
        return Descriptor(mediaType: mediaType, digest: digest, size: size)
    }

    package func open() throws -> any OpenLayer {
        let range = try self.file
        return switch try Compression(of: range) {
        case .none: try OpenArchivedLayer.open(self, range)
        default: try OpenArchivedLayer.open(self, decompressing: range)
        }
    }

    /// The file as it is stored. It is fetched if it is on another machine.
    ///
    /// - Throws: `ToolError` if it was skipped when the archive was read, or cannot be fetched.
    package var file: FileRange {
        get throws {
            switch place {
            case .here(let range): return range
            case .remote(let file): return try file.fetch()
            case .skipped:
                throw ToolError(
                    .data, "cannot read \(displayName)", cause: "it was skipped when the archive was read",
                    remedy: "report this as a bug")
            }
        }
    }

    package func prefetch() {
        if case .remote(let file) = place { file.prefetch() }
    }

    package func storedBlob(compressedBy compressor: Compressor) throws -> FileRange? {
        let file = try self.file
        return switch (try Compression(of: file), compressor) {
        case (.gzip, .gz), (.zstd, .zstd): file
        default: nil
        }
    }

    /// Whether the file was compared with its digest when it was fetched.
    fileprivate var isVerifiedByFetching: Bool {
        if case .remote = place { return true }
        return false
    }

    /// The error for bytes that do not have the digest that they should have.
    fileprivate func mismatch(got: Digest, wanted: Digest, _ what: String) -> ToolError {
        ToolError(
            .data, "cannot use \(displayName)", cause: "\(what) \(got), and should have \(wanted)",
            remedy: "get the archive again: it is damaged, or was tampered with")
    }
}

/// An open layer of an archive, whose uncompressed tar is in a file.
final class OpenArchivedLayer: OpenLayer {
    private let layer: ArchivedLayer
    private let tar: FileRange
    /// The cache's key of the tar's digest; nil if the tar need not be hashed, or its digest may not be cached.
    private let key: DigestCache.Key?
    /// Whether the tar was compared with its digest when it was decompressed.
    private let isVerified: Bool

    private init(_ layer: ArchivedLayer, _ tar: FileRange, key: DigestCache.Key?, isVerified: Bool) {
        self.layer = layer
        self.tar = tar
        self.key = key
        self.isVerified = isVerified
    }

    /// Opens a layer that is stored uncompressed.
    ///
    /// - Throws: `ToolError` with code `data` if the digests that are stated for the file and for the uncompressed
    ///   layer differ: both are of the same bytes.
    static func open(_ layer: ArchivedLayer, _ tar: FileRange) throws -> OpenArchivedLayer {
        if let digest = layer.digest, digest != layer.statedDiffID {
            throw layer.mismatch(got: digest, wanted: layer.statedDiffID, "its file is stated to have the digest")
        }
        let now = layer.context.cache?.time ?? DigestCache.now
        return OpenArchivedLayer(layer, tar, key: try DigestCache.Key(tar, at: now), isVerified: false)
    }

    /// Opens a compressed layer: it is decompressed to a temporary file, and verified on the way.
    static func open(_ layer: ArchivedLayer, decompressing file: FileRange) throws -> OpenArchivedLayer {
        let (tar, _) = try layer.context.spool.makeFile(layer.displayName).keep { sink in
            try decompress(file, of: layer, to: sink)
        }
        return OpenArchivedLayer(layer, tar, key: nil, isVerified: true)
    }

    var size: UInt64 { tar.size }

    var knownDiffID: Digest? { layer.statedDiffID }

    func write(to sink: any ByteSink) throws {
        if isKnownToBeRight {
            try tar.copy(to: sink)
            // The cached digest is of the state that the file had when it was opened.
            if !isVerified, !tar.file.isUnchanged { try check(tar.digest()) }
        } else if sink.copiesFiles, key != nil {
            // The kernel copies while another thread hashes: both see the same bytes, or another change time.
            let hashing = OrderedThreadPool<FileRange, Digest>(width: 1) { try $0.digest() }
            defer { hashing.finish() }
            hashing.submit(tar)
            try tar.copy(to: sink)
            if let digest = try hashing.next() { try check(digest) }
            try tar.file.requireUnchanged()
        } else {
            let hash = try HashSink(to: sink)
            try tar.copy(to: hash)
            try check(hash.finish())
        }
    }

    /// Does nothing: `check` caches digests that were verified.
    func remember(_ diffID: Digest) {}

    func uncompressedTar(spool: SpoolDirectory, needsBodies: Bool) -> FileRange { tar }

    func verify() throws {
        guard !isKnownToBeRight else { return }
        try check(tar.digest())
    }

    private var isKnownToBeRight: Bool {
        isVerified || (key.flatMap { layer.context.cache?.digest(for: $0) } == layer.statedDiffID)
    }

    private func check(_ digest: Digest) throws {
        guard digest == layer.statedDiffID else {
            throw layer.mismatch(got: digest, wanted: layer.statedDiffID, "it has the digest")
        }
        if let key { layer.context.cache?.keep(digest, for: key) }
    }

    /// Writes the uncompressed tar, and compares it and the file with their digests.
    ///
    /// - Throws: `ToolError` with code `data` if the file is damaged, or the file or the tar has another digest.
    private static func decompress(_ file: FileRange, of layer: ArchivedLayer, to sink: any ByteSink) throws {
        let wanted = layer.isVerifiedByFetching ? nil : layer.digest
        let hashed = try wanted.map { _ in HashedSource(file.source(), try SHA256()) }
        let tar = try DecompressingSource(hashed ?? file.source(), name: layer.displayName, limits: layer.limits)
        let hash = try HashSink(to: sink)
        var buffer = BlockBuffer(capacity: hash.bufferSize)
        while true {
            buffer.advance(try tar.read(into: buffer.room))
            if buffer.filled == 0 { break }
            buffer = try hash.take(buffer)
        }
        if let hashed, let wanted {
            // A decompressor need not read the bytes after its stream, but the digest covers them.
            _ = try hashed.skip(.max)
            let got = hashed.finish()
            guard got == wanted else { throw layer.mismatch(got: got, wanted: wanted, "its file has the digest") }
        }
        let diffID = try hash.finish()
        guard diffID == layer.statedDiffID else {
            throw layer.mismatch(got: diffID, wanted: layer.statedDiffID, "decompressed it has the digest")
        }
    }
}
