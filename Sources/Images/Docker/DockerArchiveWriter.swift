package import ByteIO
import JSON
import OCI
import Tar

/// Writes images as docker-archives, which `docker load`, skopeo, podman and containerd read.
///
/// The members are: the layers as `layers/001.tar` and so on, in their order; the configs as `<image ID>.json`; for each
/// layer a directory `<diffID>` with `layer.tar`, a link to its member, `VERSION` and `json`, for old readers that begin
/// at `repositories`; the extra members; `manifest.json`; and `repositories`. Nothing before the configs depends on a
/// digest, so every layer is hashed while it is written.
///
/// An archive of one image has a member for each of its layers. In an archive of several images a layer has one member,
/// and so has a config.
///
/// Source: Docker Image Specification v1.2, "Combined Image JSON + Filesystem Changeset Format": `manifest.json` states
/// the paths of configs and layers.
package final class DockerArchiveWriter {
    private static let owner = TarOwner()

    private let sink: any ArchiveSink
    private let tar: TarWriter
    private let layers: LayerMembers

    /// An image whose layers are in the archive.
    private struct Written {
        let summary: ImageSummary
        let config: ImageConfig
        /// The paths of the layers, the lowest first.
        let paths: [String]
    }

    /// - Parameters:
    ///   - sink: receives the archive.
    ///   - progress: receives the progress of the layers.
    package init(to sink: any ArchiveSink, progress: any Progress) {
        self.sink = sink
        tar = TarWriter(to: sink, owner: Self.owner)
        layers = LayerMembers(to: sink, in: tar, named: .numbers, progress: progress)
    }

    /// Writes a whole archive of images.
    ///
    /// - Returns: the summary of each image, in their order.
    package func write(_ images: [any Image]) throws -> [ImageSummary] {
        let written = try images.map { try write($0, $0.layers, eachOnce: images.count > 1) }
        return try end(written, images.count == 1 ? images[0].extraMembers : [])
    }

    /// Writes a whole archive of one image, without the files of layers that its reader has. The other layers keep their
    /// numbers.
    ///
    /// Docker reads a layer's file only if it does not have that chain of layers, so the other files may be missing.
    package func write(_ image: MissingLayers) throws -> ImageSummary {
        let written = try write(image.image, image.missing, above: image.present, eachOnce: false)
        return try end([written], image.image.extraMembers)[0]
    }

    private func write(
        _ image: any Image, _ missing: [any Layer], above present: [ImageSummary.Layer] = [], eachOnce: Bool
    ) throws -> Written {
        let below = present.enumerated().map { LayerMembers.Member(layer: $1, path: LayerMembers.path($0 + 1)) }
        let members = try below + layers.write(missing, above: present.count, eachOnce: eachOnce)
        let config = image.config.with(diffIDs: members.map(\.layer.diffID))
        let imageID = try config.blob().descriptor.digest
        let names = image.names(imageID: imageID)
        let summary = ImageSummary(names: names, imageID: imageID, layers: members.map(\.layer))
        return Written(summary: summary, config: config, paths: members.map(\.path))
    }

    /// Writes the members that follow the layers, and the end of the archive.
    private func end(_ images: [Written], _ extraMembers: [(name: String, bytes: [UInt8])]) throws -> [ImageSummary] {
        try writeConfigs(of: images)
        try writeLegacyLayers(of: images)
        for (name, bytes) in extraMembers { try tar.file(name, bytes) }
        try member("manifest.json", Self.manifest(of: images).json)
        try member("repositories", Self.repositories(of: images))
        try tar.finish()
        try sink.finish()
        return images.map(\.summary)
    }

    private func writeConfigs(of images: [Written]) throws {
        var written: Set<Digest> = []
        for image in images where written.insert(image.summary.imageID).inserted {
            try tar.file(Self.configPath(image), image.config.bytes)
        }
    }

    /// Writes the directory of each layer for old readers: an image for each layer, which is the child of the one below.
    /// A layer that the archive lacks has no link.
    ///
    /// Source: Docker Image Specification v1.0, "Image JSON Description".
    private func writeLegacyLayers(of images: [Written]) throws {
        var described: Set<Digest> = []
        for image in images {
            let diffIDs = image.summary.layers.map(\.diffID)
            for (number, diffID) in diffIDs.enumerated() where described.insert(diffID).inserted {
                var json: [String: JSONValue] = ["id": .string(diffID.hex)]
                if number > 0 { json["parent"] = .string(diffIDs[number - 1].hex) }
                for key in ["created", "architecture", "os"] { json[key] = image.config.json[key] }
                if number == diffIDs.count - 1 { json["config"] = image.config.json["config"] }
                if let path = layers.paths[diffID] {
                    try tar.link("\(diffID.hex)/layer.tar", to: "../\(path)", mode: 0o777)
                }
                try tar.file("\(diffID.hex)/VERSION", Array("1.0".utf8))
                try member("\(diffID.hex)/json", .object(json.filter { $0.value != .null }))
            }
        }
    }

    private static func configPath(_ image: Written) -> String { "\(image.summary.imageID.hex).json" }

    private static func manifest(of images: [Written]) -> DockerManifest {
        DockerManifest(
            images.map { image in
                DockerManifest.Entry(
                    config: configPath(image), repoTags: image.summary.names.filter(\.isComplete).map { "\($0)" },
                    layers: image.paths)
            })
    }

    private static func repositories(of images: [Written]) -> JSONValue {
        var repositories: [String: [String: JSONValue]] = [:]
        for image in images.map(\.summary) {
            guard let top = image.layers.last else { continue }
            for name in image.names {
                guard let repository = name.name, let tag = name.tag else { continue }
                repositories[repository, default: [:]][tag] = .string(top.diffID.hex)
            }
        }
        return .object(repositories.mapValues { .object($0) })
    }

    private func member(_ path: String, _ json: JSONValue) throws {
        let bytes = Array(json.canonical.utf8)
        try WrittenDocument.check(bytes, "the archive's \(path)")
        try tar.file(path, bytes)
    }
}
