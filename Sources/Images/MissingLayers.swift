import ByteIO
import OCI
import Store

/// An image without its lowest layers, which are there already where it goes.
///
/// What is there shows in digests. So layers are hashed from the lowest on, as long as all below are there, and none that
/// need not be: those of an archive are said to have theirs, and are not even brought to be left out.
package struct MissingLayers: Sendable {
    package let image: any Image
    /// The lowest layers. The size of one that lies in an archive is that of its file there.
    package let spared: [ImageSummary.Layer]
    /// The others. What was hashed of them is not hashed again.
    let rest: [any Layer]
    /// The lowest ones once more, to be sent after all.
    private let sparedLayers: [any Layer]

    /// Layers that are hashed or worked on while it is not known whether they need be.
    private static let ahead = 2 * workerCount

    /// All of an image.
    package init(allOf image: any Image) {
        self.init(image, spared: [], sparedLayers: [], rest: image.layers)
    }

    private init(_ image: any Image, spared: [ImageSummary.Layer], sparedLayers: [any Layer], rest: [any Layer]) {
        (self.image, self.spared, self.sparedLayers, self.rest) = (image, spared, sparedLayers, rest)
    }

    /// - Parameter isThere: whether what it goes to has the layer of a chain ID, and so all below it.
    /// - Throws: what the layers throw.
    package init(_ image: any Image, unless isThere: (Digest) -> Bool) throws {
        var (spared, others): ([HashedLayer], [HashedLayer]) = ([], [])
        var chainID: Digest?
        var waiting = image.layers[...]
        let workers = OrderedThreadPool<any Layer, HashedLayer>(width: workerCount) { try HashedLayer($0) }
        defer { workers.finish() }
        while true {
            // A few at a time: what is hashed in vain is not much, and is not lost.
            while others.isEmpty, workers.inFlight < Self.ahead, let layer = waiting.popFirst() {
                workers.submit(layer)
            }
            guard let layer = try workers.next() else { break }
            let next = try ChainID.of(layer.diffID, on: chainID)
            if others.isEmpty, isThere(next) {
                chainID = next
                spared.append(layer.closed)
            } else {
                others.append(layer)
            }
        }
        let known = spared.map { ImageSummary.Layer(diffID: $0.diffID, size: $0.size, storePaths: $0.storePaths) }
        self.init(image, spared: known, sparedLayers: spared, rest: others + waiting)
    }

    /// All of the image after all. What is known of its layers still is.
    package var whole: MissingLayers {
        MissingLayers(image, spared: [], sparedLayers: [], rest: sparedLayers + rest)
    }

    /// The image, if all its layers are there.
    package var known: ImageSummary? {
        get throws {
            guard rest.isEmpty else { return nil }
            let imageID = try SHA256.digest(of: image.config(diffIDs: spared.map(\.diffID)))
            return ImageSummary(names: image.names(imageID: imageID), imageID: imageID, layers: spared)
        }
    }
}

/// A layer whose digest is known.
private struct HashedLayer: Layer {
    let diffID: Digest
    /// Bytes of the plain tar, or of the file of an archive.
    let size: UInt64
    private let layer: any Layer
    /// Nil for one that is to be opened again, or was not: a layer of an archive may have to be brought first.
    private var opened: (any OpenLayer)?

    init(_ layer: any Layer) throws {
        self.layer = layer
        if let archived = layer.archived {
            (diffID, size) = (archived.diffID, archived.size)
        } else {
            let open = try layer.open()
            (diffID, size) = (try open.diffID(), open.size)
            opened = HashedOpenLayer(open, diffID)
        }
    }

    /// The same without the names of its files in memory.
    var closed: HashedLayer {
        var layer = self
        layer.opened = nil
        return layer
    }

    var storePaths: [StorePath] { layer.storePaths }
    var title: String { layer.title }
    var archived: ArchivedLayer? { layer.archived }
    func expect() { layer.expect() }
    func open() throws -> any OpenLayer { try opened ?? HashedOpenLayer(layer.open(), diffID) }
}

/// The same when it has been opened.
private struct HashedOpenLayer: OpenLayer {
    private let layer: any OpenLayer
    let knownDiffID: Digest?

    init(_ layer: any OpenLayer, _ diffID: Digest) {
        self.layer = layer
        knownDiffID = diffID
    }

    var size: UInt64 { layer.size }
    func write(to sink: any ByteSink) throws { try layer.write(to: sink) }
    func remember(_ diffID: Digest) { layer.remember(diffID) }
    func plainTar(spool: SpoolDirectory, needsBodies: Bool) throws -> FileRange {
        try layer.plainTar(spool: spool, needsBodies: needsBodies)
    }
    func verify() throws { try layer.verify() }
}
