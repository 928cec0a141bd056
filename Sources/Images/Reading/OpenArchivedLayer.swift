import ByteIO
import OCI

/// A layer of an archive whose plain tar lies in a file.
final class OpenArchivedLayer: OpenLayer {
    private let layer: ArchivedLayer
    private let tar: FileRange
    /// Where it is kept that the tar has its digest; nil where that need not be found out, or not be kept.
    private let key: DigestCache.Key?
    /// Whether the tar was compared with its digest when it was decompressed.
    private let isVerified: Bool

    /// A layer that is a plain tar where it lies.
    ///
    /// - Throws: `ToolError` with code `data` if its file's digest and the plain layer's differ, which are the same then.
    init(_ layer: ArchivedLayer, _ tar: FileRange) throws {
        if let digest = layer.digest, digest != layer.diffID {
            throw layer.mismatch(got: digest, wanted: layer.diffID, "its file is said to have the digest")
        }
        self.layer = layer
        self.tar = tar
        key = try DigestCache.Key(tar, at: DigestCache.now)
        isVerified = false
    }

    /// A compressed layer: it is decompressed to a work file, and compared with its digests on the way.
    init(_ layer: ArchivedLayer, decompressing file: FileRange) throws {
        self.layer = layer
        key = nil
        isVerified = true
        tar = try layer.context.spool.makeFile(layer.words).keep { sink in
            try CompressedLayer(layer, file).decompress(to: sink)
        }.0
    }

    var size: UInt64 { tar.size }

    var knownDiffID: Digest? { layer.diffID }

    func write(to sink: any ByteSink) throws {
        if isKnownToBeRight {
            try tar.copy(to: sink)
            // What was kept of the file is of the state that it was opened in.
            if !isVerified, !tar.file.isUnchanged { try check(tar.digest()) }
        } else if sink.copiesFiles {
            // The kernel copies while another thread reads.
            let hashing = OrderedThreadPool<FileRange, Digest>(width: 1) { try $0.digest() }
            defer { hashing.finish() }
            hashing.submit(tar)
            try tar.copy(to: sink)
            if let digest = try hashing.next() { try check(digest) }
        } else {
            let hash = try HashSink(to: sink)
            try tar.copy(to: hash)
            try check(hash.finish())
        }
    }

    /// What has been verified is remembered by `check`.
    func remember(_ diffID: Digest) {}

    func plainTar(spool: SpoolDirectory, needsBodies: Bool) -> FileRange { tar }

    func verify() throws {
        guard !isKnownToBeRight else { return }
        try check(tar.digest())
    }

    private var isKnownToBeRight: Bool {
        isVerified || (key.flatMap { layer.context.cache?.digest(for: $0) } == layer.diffID)
    }

    private func check(_ digest: Digest) throws {
        guard digest == layer.diffID else {
            throw layer.mismatch(got: digest, wanted: layer.diffID, "it has the digest")
        }
        if let key { layer.context.cache?.keep(digest, for: key) }
    }
}
