import Archives
import Digests
import Tar

/// A layer as a blob of an image: compressed, or plain, or as it lies in an archive.
public struct LayerBlob {
    private let layer: any Layer
    private let open: any OpenLayer
    private let compressor: Compressor
    private let threads: Int

    /// - Parameters:
    ///   - open: the layer, opened.
    ///   - threads: how many compress it.
    public init(_ layer: any Layer, _ open: any OpenLayer, compressor: Compressor, threads: Int = workerCount) {
        self.layer = layer
        self.open = open
        self.compressor = compressor
        self.threads = threads
    }

    /// Writes the blob.
    ///
    /// - Returns: the digest of the plain layer.
    /// - Throws: `Failure` with code `data` for a layer that has another digest than its image says; what the sink throws.
    public func write(to sink: BlobSink, _ progress: any Progress) throws -> Digest {
        if let known = open.knownDiffID, let file = try layer.archived?.file(compressedBy: compressor) {
            // It lies there as it is to be: verified when it was opened.
            try file.copy(to: ProgressSink(to: sink, progress))
            return known
        }
        let compressing = CompressingSink(compressor, to: sink, threads: threads)
        let target: any ByteSink = ProgressSink(to: compressing ?? sink, progress)
        let diffID: Digest
        if let known = open.knownDiffID {
            try open.write(to: target)
            diffID = known
        } else {
            let hash = try HashSink(to: target)
            try open.write(to: hash)
            diffID = try hash.finish()
            open.remember(diffID)
        }
        try compressing?.finish()
        return diffID
    }
}
