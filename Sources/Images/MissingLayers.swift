import ByteIO
import Compression
import Errors
package import OCI
import Store

/// An image without its lowest layers, which are already present where the image is sent to.
///
/// A layer is recognized by its digest. So layers are hashed from the lowest on, as long as all layers below are
/// present, and only where necessary: the digest of an archive's layer is taken from its config, and a layer that is
/// left out is not even fetched.
package struct MissingLayers: Sendable {
    /// The whole image.
    package let image: any Image
    /// The lowest layers, which are present. The size of a stored layer is that of its file.
    package let present: [ImageSummary.Layer]
    /// The layers above, which have to be sent. Those that were hashed are not hashed again.
    let missing: [any Layer]
    /// The present layers, for a destination that turns out not to have them.
    private let presentLayers: [any Layer]

    /// The number of layers that are hashed ahead, before it is known whether that is necessary.
    private static let ahead = 2 * workerCount

    /// All layers of an image.
    package init(allOf image: any Image) {
        self.init(image, present: [], presentLayers: [], missing: image.layers)
    }

    private init(
        _ image: any Image, present: [ImageSummary.Layer], presentLayers: [any Layer], missing: [any Layer]
    ) {
        self.image = image
        self.present = present
        self.presentLayers = presentLayers
        self.missing = missing
    }

    /// Finds the layers of an image that its destination does not have.
    ///
    /// - Parameter isPresent: whether the destination has the layer with a chain ID, and so all layers below it.
    /// - Throws: the errors of the layers.
    package static func find(in image: any Image, unless isPresent: (Digest) -> Bool) throws -> MissingLayers {
        var (present, others): ([HashedLayer], [HashedLayer]) = ([], [])
        var chainID: Digest?
        var waiting = image.layers[...]
        let workers = OrderedThreadPool<any Layer, HashedLayer>(width: workerCount) { try HashedLayer($0) }
        defer { workers.finish() }
        while true {
            // Only a few at a time: the rest is hashed while it is written.
            while others.isEmpty, workers.inFlight < Self.ahead, let layer = waiting.popFirst() {
                workers.submit(layer)
            }
            guard let layer = try workers.next() else { break }
            let next = try ChainID.of(layer.hash, on: chainID)
            if others.isEmpty, isPresent(next) {
                chainID = next
                present.append(layer.closed)
            } else {
                others.append(layer)
            }
        }
        let known = present.map { ImageSummary.Layer(diffID: $0.hash, size: $0.size, storePaths: $0.storePaths) }
        return MissingLayers(image, present: known, presentLayers: present, missing: others + waiting)
    }

    /// All layers of the same image, the present ones too. Their digests stay known.
    package var whole: MissingLayers {
        MissingLayers(image, present: [], presentLayers: [], missing: presentLayers + missing)
    }

    /// The summary of the image, if all its layers are present.
    package var summaryIfPresent: ImageSummary? {
        get throws {
            guard missing.isEmpty else { return nil }
            let imageID = try image.config.with(diffIDs: present.map(\.diffID)).blob().descriptor.digest
            return ImageSummary(names: image.names(imageID: imageID), imageID: imageID, layers: present)
        }
    }
}

/// A layer whose digest is known.
struct HashedLayer: Layer {
    /// The digest of the uncompressed tar.
    let hash: Digest
    /// The size in bytes of the uncompressed tar, or of the file of a stored layer.
    let size: UInt64
    private let layer: any Layer
    /// Nil for a layer that has to be opened again, or was not opened: a stored layer may have to be fetched first.
    private var opened: (any OpenLayer)?

    init(_ layer: any Layer) throws {
        self.layer = layer
        if let diffID = layer.diffID, let storedSize = layer.storedSize {
            (hash, size) = (diffID, storedSize)
        } else {
            let open = try layer.open()
            (hash, size) = (try open.diffID(), open.size)
            opened = HashedOpenLayer(open, hash)
        }
    }

    /// The same layer without the names of its files in memory.
    var closed: HashedLayer {
        var layer = self
        layer.opened = nil
        return layer
    }

    var storePaths: [StorePath] { layer.storePaths }
    var title: String { layer.title }
    var displayName: String { layer.displayName }
    var diffID: Digest? { hash }
    var storedSize: UInt64? { layer.storedSize }
    var descriptor: Descriptor? { layer.descriptor }
    func prefetch() { layer.prefetch() }
    func open() throws -> any OpenLayer { try opened ?? HashedOpenLayer(layer.open(), hash) }

    func storedBlob(compressedBy compressor: Compressor) throws -> FileRange? {
        try layer.storedBlob(compressedBy: compressor)
    }
}

/// An open layer whose digest is known.
private struct HashedOpenLayer: OpenLayer {
    private let layer: any OpenLayer
    let knownDiffID: Digest?

    init(_ layer: any OpenLayer, _ diffID: Digest) {
        self.layer = layer
        knownDiffID = diffID
    }

    var size: UInt64 { layer.size }

    /// Writes the uncompressed tar. A layer that was opened again is hashed again, unless its digest is known to be the
    /// same.
    func write(to sink: any ByteSink) throws {
        guard let knownDiffID, layer.knownDiffID != knownDiffID else { return try layer.write(to: sink) }
        try sink.writing(knownDiffID, of: "a layer", layer.write)
    }

    func remember(_ diffID: Digest) { layer.remember(diffID) }
    func uncompressedTar(spool: SpoolDirectory, needsBodies: Bool) throws -> FileRange {
        try layer.uncompressedTar(spool: spool, needsBodies: needsBodies)
    }
    func verify() throws { try layer.verify() }
}
