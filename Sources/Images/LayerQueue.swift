import ByteIO
import OCI
import Tar

/// Opens the layers of an image, and hashes them where that is asked for, on threads ahead of the one that writes them.
struct LayerQueue {
    /// A layer that is ready to be written.
    struct Ready: Sendable {
        let layer: any Layer
        let open: any OpenLayer
        /// Nil where it is to be found out while the layer is written.
        let diffID: Digest?
    }

    /// Layers that are ready or worked on while one is written: some, so that small ones do not hold up the next large
    /// one; not all, since the names of their files are in memory.
    private static let ahead = 16

    private let layers: [any Layer]
    private let hashesAhead: Bool

    /// - Parameter hashesAhead: whether all digests are to be known before the layers are written.
    init(_ layers: [any Layer], hashesAhead: Bool) {
        self.layers = layers
        self.hashesAhead = hashesAhead
    }

    /// Calls `body` with the layers in order.
    func forEach(_ body: (Ready) throws -> Void) throws {
        let large = largest
        if let large { layers[large].expect() }
        for layer in layers { layer.expect() }
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

    /// The layer to begin with: that which many store paths share is the last of the store's and by far the largest, and so
    /// is it in an image that was made like this one. Begun in its turn, all would wait for it in the end.
    private var largest: Int? {
        if let shared = layers.firstIndex(where: { $0.storePaths.count > 1 }) { return shared }
        return layers.indices.filter { layers[$0].archived != nil }.max {
            (layers[$0].archived?.size ?? 0) < (layers[$1].archived?.size ?? 0)
        }
    }

    private func prepare(_ layer: any Layer) throws -> Ready {
        let open = try layer.open()
        // A layer without store paths may be one that the image has already: that must be known before.
        let isHashed = hashesAhead || layer.storePaths.isEmpty
        return Ready(layer: layer, open: open, diffID: isHashed ? try open.diffID() : open.knownDiffID)
    }
}

/// Writes layers as members of an archive that are called after their digests: what comes again is there already.
final class LayerMembers {
    private let sink: any ArchiveSink
    private let tar: TarWriter
    private let progress: any Progress
    private let header: (_ hex: String, _ size: UInt64) throws -> [UInt8]
    private var members: Set<Digest> = []

    /// - Parameters:
    ///   - tar: what writes the rest of the archive to `sink`.
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

    /// Whether the archive has layers.
    var isEmpty: Bool { members.isEmpty }

    /// Writes those layers of an image that it does not have yet.
    ///
    /// - Parameters:
    ///   - below: how many layers of the image are below these, and not written.
    ///   - hashesAhead: whether layers are opened side by side, and hashed, while another one is written: else one at a time,
    ///     each hashed as it is written, and read once.
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

    /// Writes a layer's tar, unless the archive has it already: its digest.
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
