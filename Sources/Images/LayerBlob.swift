import ByteIO
package import Compression
package import OCI

/// Writes a layer as a blob: compressed, uncompressed, or with the stored bytes of the archive that it comes from.
package struct LayerBlob {
    private let layer: any Layer
    private let open: any OpenLayer
    private let compressor: Compressor
    private let shared: SharedCompressor?

    /// - Parameters:
    ///   - layer: the layer.
    ///   - open: the same layer, opened.
    ///   - compressor: the compressor of the blob.
    ///   - shared: what layers that are compressed at the same time share; nil for a layer that is compressed alone.
    package init(
        _ layer: any Layer, _ open: any OpenLayer, compressor: Compressor, sharing shared: SharedCompressor? = nil
    ) {
        self.layer = layer
        self.open = open
        self.compressor = compressor
        self.shared = shared
    }

    /// The number of bytes that `write` reads, and reports as progress: of the stored bytes, or of the uncompressed tar.
    package var readSize: UInt64 {
        get throws { try knownSize ?? open.size }
    }

    /// The size of the blob in bytes if it is known before it is written: that of stored bytes that are copied.
    package var knownSize: UInt64? {
        get throws { try storedBytes?.size }
    }

    /// The stored bytes, if they are the blob. They were verified when the layer was opened.
    private var storedBytes: FileRange? {
        get throws { open.knownDiffID == nil ? nil : try layer.storedBlob(compressedBy: compressor) }
    }

    /// Writes the blob.
    ///
    /// - Returns: the digest of the uncompressed layer.
    /// - Throws: `ToolError` with code `data` for a layer whose digest is not the one that its config states; the
    ///   errors of the sink.
    package func write(to sink: BlobSink, _ progress: any Progress) throws -> Digest {
        if let known = open.knownDiffID, let file = try storedBytes {
            try file.copy(to: ProgressSink(to: sink, progress))
            try file.file.requireUnchanged()
            return known
        }
        let compressing = CompressingSink(compressor, to: sink, sharing: shared)
        let target: any ByteSink = ProgressSink(to: compressing ?? sink, progress)
        let diffID = try open.write(to: target, known: open.knownDiffID)
        try compressing?.finish()
        return diffID
    }
}
