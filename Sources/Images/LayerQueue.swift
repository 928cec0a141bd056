import ByteIO
import OCI
import Tar

/// Opens the layers of an image, and hashes them if that is needed, on threads ahead of the one that writes them.
struct LayerQueue {
    /// A layer that is ready to be written.
    struct Ready: Sendable {
        let layer: any Layer
        let open: any OpenLayer
        /// Nil if the layer is hashed while it is written.
        let diffID: Digest?
    }

    /// The number of layers that are prepared while one is written. It is large enough that small layers do not delay
    /// the next large one, and bounded since the names of all their files are in memory.
    private static let ahead = 16

    private let layers: [any Layer]
    private let hashesAhead: Bool

    /// - Parameter hashesAhead: whether all digests must be known before the layers are written.
    init(_ layers: [any Layer], hashesAhead: Bool) {
        self.layers = layers
        self.hashesAhead = hashesAhead
    }

    /// Calls `body` with the layers in order.
    func forEach(_ body: (Ready) throws -> Void) throws {
        let large = largest
        if let large { layers[large].prefetch() }
        for layer in layers { layer.prefetch() }
        guard hashesAhead else {
            try OrderedThreadPool.forEach(layers, width: 1, work: prepare, body: body)
            return
        }
        let early = OrderedThreadPool(width: 1, work: prepare)
        defer { early.finish() }
        if let large { early.submit(layers[large]) }
        try OrderedThreadPool.forEach(layers.indices, width: workerCount, ahead: Self.ahead) { index in
            index == large ? nil : try prepare(layers[index])
        } body: { ready in
            if let ready = try ready ?? early.next() { try body(ready) }
        }
    }

    /// The layer to begin with. The layer that holds several store paths is the last one of the store and by far the
    /// largest; of stored layers the file's size tells. If it were begun in its turn, everything would wait for it at
    /// the end.
    private var largest: Int? {
        if let shared = layers.firstIndex(where: { $0.storePaths.count > 1 }) { return shared }
        return layers.indices.filter { layers[$0].storedSize != nil }.max {
            (layers[$0].storedSize ?? 0) < (layers[$1].storedSize ?? 0)
        }
    }

    private func prepare(_ layer: any Layer) throws -> Ready {
        let open = try layer.open()
        // A layer without store paths may repeat an earlier layer, which must be known before it is written.
        let isHashed = hashesAhead || layer.storePaths.isEmpty
        return Ready(layer: layer, open: open, diffID: isHashed ? try open.diffID() : open.knownDiffID)
    }
}

/// Writes layers as members of an archive that are named by their digests. A layer that repeats an earlier one is
/// skipped.
final class LayerMembers {
    private let sink: any ArchiveSink
    private let tar: TarWriter
    private let progress: any Progress
    private let header: (_ hex: String, _ size: UInt64) throws -> [UInt8]
    private var members: Set<Digest> = []

    /// - Parameters:
    ///   - tar: the writer of the archive's other members, which writes to `sink` too.
    ///   - header: makes the header of a layer's member. It has the same number of bytes for each digest.
    init(
        to sink: any ArchiveSink, in tar: TarWriter, progress: any Progress,
        header: @escaping (_ hex: String, _ size: UInt64) throws -> [UInt8]
    ) {
        self.sink = sink
        self.tar = tar
        self.progress = progress
        self.header = header
    }

    /// Whether the archive has no layers yet.
    var isEmpty: Bool { members.isEmpty }

    /// Writes the layers of an image that the archive does not have yet.
    ///
    /// - Parameters:
    ///   - below: the number of the image's layers below these, which are not written.
    ///   - hashesAhead: whether layers are opened and hashed in parallel while another one is written; if not, one at a
    ///     time is hashed while it is written, so that it is read once.
    func write(_ layers: [any Layer], above below: Int = 0, hashesAhead: Bool) throws -> [ImageSummary.Layer] {
        var written: [ImageSummary.Layer] = []
        try LayerQueue(layers, hashesAhead: hashesAhead).forEach { ready in
            let (layer, open) = (ready.layer, ready.open)
            progress.layer(below + written.count + 1, of: below + layers.count, title: layer.title, size: open.size)
            let diffID = try write(open, ready.diffID)
            written.append(ImageSummary.Layer(diffID: diffID, size: open.size, storePaths: layer.storePaths))
        }
        return written
    }

    /// Writes a layer's tar, unless the archive has it already.
    ///
    /// - Returns: the layer's digest.
    private func write(_ layer: any OpenLayer, _ known: Digest?) throws -> Digest {
        if let known, !members.insert(known).inserted { return known }
        let progress = ProgressSink(to: sink, progress)
        try tar.flush()
        let diffID: Digest
        if let known {
            diffID = known
            try sink.writeReserved(try header(known.hex, layer.size))
            try layer.write(to: progress)
        } else {
            let zeros = String(repeating: "0", count: 64)
            let place = try sink.reserve(try header(zeros, layer.size).count)
            let hash = try HashSink(to: progress)
            try layer.write(to: hash)
            diffID = try hash.finish()
            layer.remember(diffID)
            try sink.fill(place, try header(diffID.hex, layer.size))
            members.insert(diffID)
        }
        try tar.endBody(UInt64(try header(diffID.hex, layer.size).count))
        try tar.endBody(layer.size)
        return diffID
    }
}
