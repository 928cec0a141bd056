import Archives
import Digests

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
            try OrderedWorkers.forEach(layers, width: 1, work: prepare, body: body)
            return
        }
        let early = OrderedWorkers(width: 1, work: prepare)
        defer { early.finish() }
        if let large { early.submit(layers[large]) }
        try OrderedWorkers.forEach(layers.indices, width: workerCount, ahead: Self.ahead) { index in
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
