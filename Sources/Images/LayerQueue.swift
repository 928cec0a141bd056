import ByteIO
import OCI

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
            try OrderedThreadPool.forEach(layers, width: workerCount, work: prepare, body: body)
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
        return Ready(layer: layer, open: open, diffID: hashesAhead ? try open.diffID() : open.knownDiffID)
    }
}
