package import ByteIO
import JSON
import OCI
import Tar

/// Writes images as docker-archives, which `docker load`, skopeo, podman and containerd read.
///
/// The members are: for each layer `<diffID>/layer.tar`, with `VERSION` and `json` beside it for readers older than
/// Docker 1.10; for each image the config as `<image ID>.json`; the extra members; `manifest.json`; and `repositories`
/// for old readers. A layer or config that several images share is written once.
///
/// Source: Docker Image Specification v1.2, "Combined Image JSON + Filesystem Changeset Format".
package final class DockerArchiveWriter {
    private static let owner = TarOwner()

    private let sink: any ArchiveSink
    private let tar: TarWriter
    private let layers: LayerMembers
    private var describedLayers: Set<Digest> = []
    private var writtenConfigs: Set<Digest> = []

    /// - Parameters:
    ///   - sink: receives the archive.
    ///   - progress: receives the progress of the layers.
    package init(to sink: any ArchiveSink, progress: any Progress) {
        self.sink = sink
        tar = TarWriter(to: sink, owner: Self.owner)
        layers = LayerMembers(to: sink, in: tar, progress: progress) { hex, size in
            try Array("\(hex)/layer.tar".utf8).withUnsafeBytes { path in
                try TarWriter.headerBytes(TarEntry(path: path, kind: .file, mode: 0o444, size: size), owner: Self.owner)
            }
        }
    }

    /// Writes a whole archive of images.
    ///
    /// - Returns: the summary of each image, in their order.
    package func write(_ images: [any Image]) throws -> [ImageSummary] {
        let written = try images.map { try write($0, $0.layers) }
        if let image = images.first, images.count == 1 {
            for (name, bytes) in image.extraMembers { try member(name, bytes) }
        }
        return try end(written)
    }

    /// Writes the members that list the images, and the end of the archive.
    private func end(_ written: [ImageSummary]) throws -> [ImageSummary] {
        try member("manifest.json", Self.manifest(of: written).json)
        try member("repositories", Self.repositories(of: written))
        try tar.finish()
        try sink.finish()
        return written
    }

    /// Writes a whole archive of one image, without the files of layers that its reader has.
    ///
    /// Docker reads a layer's file only if it does not have that chain of layers, so the other files may be missing.
    package func write(_ image: MissingLayers) throws -> ImageSummary {
        try end([try write(image.image, image.missing, above: image.present)])[0]
    }

    private func write(
        _ image: any Image, _ missing: [any Layer], above present: [ImageSummary.Layer] = []
    ) throws -> ImageSummary {
        // While one layer is written the next ones are hashed, unless the sink can fill in a layer's name after its
        // bytes. A layer of a further image may repeat an earlier one, which must be known before it is written.
        let hashesAhead = !sink.supportsBackpatching || !self.layers.isEmpty
        let layers = try present + self.layers.write(missing, above: present.count, hashesAhead: hashesAhead)
        let config = image.config.with(diffIDs: layers.map(\.diffID))
        let imageID = try config.blob().descriptor.digest
        let written = ImageSummary(names: image.names(imageID: imageID), imageID: imageID, layers: layers)
        try writeLegacyLayers(of: written, config)
        if writtenConfigs.insert(imageID).inserted { try member("\(imageID.hex).json", config.bytes) }
        return written
    }

    /// Writes the members beside each layer for readers older than Docker 1.10: an image for each layer, which is the
    /// child of the one below.
    private func writeLegacyLayers(of image: ImageSummary, _ config: ImageConfig) throws {
        var parent: Digest?
        for (number, layer) in image.layers.enumerated() {
            let diffID = layer.diffID
            defer { parent = diffID }
            guard describedLayers.insert(diffID).inserted else { continue }
            var json: [String: JSONValue] = [
                "id": .string(diffID.hex), "parent": parent.map { .string($0.hex) } ?? .null,
            ]
            for key in ["created", "architecture", "os"] { json[key] = config.json[key] }
            if number == image.layers.count - 1 { json["config"] = config.json["config"] }
            try member("\(diffID.hex)/VERSION", Array("1.0".utf8))
            try member("\(diffID.hex)/json", JSONValue.object(json.filter { $0.value != .null }))
        }
    }

    private static func manifest(of images: [ImageSummary]) -> DockerManifest {
        DockerManifest(
            images.map { image in
                DockerManifest.Entry(
                    config: "\(image.imageID.hex).json",
                    repoTags: image.names.filter(\.isComplete).map { "\($0)" },
                    layers: image.layers.map { "\($0.diffID.hex)/layer.tar" })
            })
    }

    private static func repositories(of images: [ImageSummary]) -> JSONValue {
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
        let bytes = Array(json.canonical.utf8)
        try WrittenDocument.check(bytes, "the archive's \(name)")
        try member(name, bytes)
    }

    private func member(_ name: String, _ bytes: [UInt8]) throws {
        try Array(name.utf8).withUnsafeBytes { path in
            try tar.header(TarEntry(path: path, kind: .file, mode: 0o444, size: UInt64(bytes.count)))
        }
        try tar.body(bytes)
    }
}
