import Archives
import Digests
import Failures
import Tar

/// Writes images as docker-archives, which `docker load`, skopeo, podman and containerd read.
///
/// The members: for each layer `<diffID>/layer.tar`, and `VERSION` and `json` beside it for readers older than Docker
/// 1.10; for each image the config as `<image ID>.json`; the attachments; `manifest.json`; and `repositories` for the
/// old readers. What several images share is written once.
/// Source: Docker Image Specification v1.2, "Combined Image JSON + Filesystem Changeset Format".
public final class DockerArchiveWriter {
    private static let owner = TarOwner()

    private let sink: any ArchiveSink
    private let progress: any Progress
    private let tar: TarWriter
    private var writtenLayers: Set<Digest> = []
    private var describedLayers: Set<Digest> = []
    private var writtenConfigs: Set<Digest> = []

    public init(to sink: any ArchiveSink, progress: any Progress) {
        self.sink = sink
        self.progress = progress
        tar = TarWriter(to: sink, owner: Self.owner)
    }

    /// Writes an archive of images, to its end.
    ///
    /// - Returns: what is known of each, in their order.
    public func write(_ images: [any Image]) throws -> [WrittenImage] {
        let written = try images.map { try write($0, $0.layers) }
        if let image = images.first, images.count == 1 {
            for (name, bytes) in image.attachments { try member(name, bytes) }
        }
        return try end(written)
    }

    /// Writes what names the images, and the end of the archive.
    private func end(_ written: [WrittenImage]) throws -> [WrittenImage] {
        try member("manifest.json", Self.manifest(of: written))
        try member("repositories", Self.repositories(of: written))
        try tar.finish()
        try sink.finish()
        return written
    }

    /// Writes an archive of one image without the files of layers that its reader has.
    ///
    /// Docker takes a layer's file only if it does not have that chain of layers, and misses none that it does not take.
    public func write(_ remainder: ImageRemainder) throws -> WrittenImage {
        try end([try write(remainder.image, remainder.rest, above: remainder.spared)])[0]
    }

    private func write(
        _ image: any Image, _ rest: [any Layer], above spared: [WrittenImage.Layer] = []
    ) throws -> WrittenImage {
        let layers = try spared + writeLayers(rest, above: spared.count)
        let bytes = try image.config(diffIDs: layers.map(\.diffID))
        let imageID = try SHA256.digest(of: bytes)
        let written = WrittenImage(names: image.names(imageID: imageID), imageID: imageID, layers: layers)
        try writeLegacyLayers(of: written, JSONValue(parsing: bytes, source: "the config", limit: ImageLimits.json))
        if writtenConfigs.insert(imageID).inserted { try member("\(imageID.hex).json", bytes) }
        return written
    }

    /// Writes the layers in order. While one is written, the next ones are hashed, unless the sink lets a layer's name
    /// come after its bytes: then each is hashed as it is written, and read once. What comes behind another image may be
    /// there already: that must be known before.
    private func writeLayers(_ layers: [any Layer], above below: Int) throws -> [WrittenImage.Layer] {
        var written: [WrittenImage.Layer] = []
        try LayerQueue(layers, hashesAhead: !sink.fillsLater || !writtenLayers.isEmpty).forEach { ready in
            let (layer, open) = (ready.layer, ready.open)
            progress.layer(below + written.count + 1, of: below + layers.count, title: layer.title, size: open.size)
            let diffID = try write(open, ready.diffID)
            written.append(WrittenImage.Layer(diffID: diffID, size: open.size, storePaths: layer.storePaths))
        }
        return written
    }

    /// Writes a layer's tar as a member, unless the archive has it already: its digest.
    private func write(_ layer: any OpenLayer, _ known: Digest?) throws -> Digest {
        if let known, !writtenLayers.insert(known).inserted { return known }
        let progress = ProgressSink(to: sink, progress)
        try tar.flush()
        let diffID: Digest
        if let known {
            diffID = known
            try sink.writeReserved(try header(of: known, layer.size))
            try layer.write(to: progress)
        } else {
            let place = try sink.reserve(try header(of: nil, layer.size).count)
            let hash = try HashSink(to: progress)
            try layer.write(to: hash)
            diffID = try hash.finish()
            layer.remember(diffID)
            try sink.fill(place, try header(of: diffID, layer.size))
            writtenLayers.insert(diffID)
        }
        try tar.endBody(UInt64(try header(of: diffID, layer.size).count))
        try tar.endBody(layer.size)
        return diffID
    }

    /// The header of a layer's member. It has the same number of bytes for each digest.
    private func header(of diffID: Digest?, _ size: UInt64) throws -> [UInt8] {
        let hex = diffID?.hex ?? String(repeating: "0", count: 64)
        return try Array("\(hex)/layer.tar".utf8).withUnsafeBytes { path in
            try TarWriter.headerBytes(TarEntry(path: path, kind: .file, mode: 0o444, size: size), owner: Self.owner)
        }
    }

    /// What readers older than Docker 1.10 want beside each layer: an image for each, the child of the one below it.
    private func writeLegacyLayers(of image: WrittenImage, _ config: JSONValue) throws {
        var parent: Digest?
        for (number, layer) in image.layers.enumerated() {
            let diffID = layer.diffID
            defer { parent = diffID }
            guard describedLayers.insert(diffID).inserted else { continue }
            var json: [String: JSONValue] = [
                "id": .string(diffID.hex), "parent": parent.map { .string($0.hex) } ?? .null,
            ]
            for key in ["created", "architecture", "os"] { json[key] = config[key] }
            if number == image.layers.count - 1 { json["config"] = config["config"] }
            try member("\(diffID.hex)/VERSION", Array("1.0".utf8))
            try member("\(diffID.hex)/json", JSONValue.object(json.filter { $0.value != .null }))
        }
    }

    private static func manifest(of images: [WrittenImage]) -> JSONValue {
        .array(
            images.map { image in
                [
                    "Config": .string("\(image.imageID.hex).json"),
                    "RepoTags": .array(image.names.filter(\.isComplete).map { .string("\($0)") }),
                    "Layers": .array(image.layers.map { .string("\($0.diffID.hex)/layer.tar") }),
                ]
            })
    }

    private static func repositories(of images: [WrittenImage]) -> JSONValue {
        var repositories: [String: [String: JSONValue]] = [:]
        for image in images {
            guard let top = image.layers.last else { continue }
            for name in image.names {
                guard let repository = name.name, let tag = name.tag else { continue }
                repositories[repository, default: [:]][tag] = .string(top.diffID.hex)
            }
        }
        return .object(repositories.mapValues { .object($0) })
    }

    private func member(_ name: String, _ json: JSONValue) throws {
        try member(name, Array(json.canonical.utf8))
    }

    private func member(_ name: String, _ bytes: [UInt8]) throws {
        try Array(name.utf8).withUnsafeBytes { path in
            try tar.header(TarEntry(path: path, kind: .file, mode: 0o444, size: UInt64(bytes.count)))
        }
        try tar.body(bytes)
    }
}
