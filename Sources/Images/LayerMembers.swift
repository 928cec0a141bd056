import Archives
import Digests
import Tar

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
    func write(_ layers: [any Layer], above below: Int = 0, hashesAhead: Bool) throws -> [WrittenImage.Layer] {
        var written: [WrittenImage.Layer] = []
        try LayerQueue(layers, hashesAhead: hashesAhead).forEach { ready in
            let (layer, open) = (ready.layer, ready.open)
            progress.layer(below + written.count + 1, of: below + layers.count, title: layer.title, size: open.size)
            let diffID = try write(open, ready.diffID)
            written.append(WrittenImage.Layer(diffID: diffID, size: open.size, storePaths: layer.storePaths))
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
