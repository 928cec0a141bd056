package import ByteIO
import JSON
package import OCI
import Tar

/// Writes an image as the docker-archive that skopeo 1.9 makes of an image in a registry (`skopeo copy docker://…
/// docker-archive:…`), byte for byte. The `sha256` of nixpkgs' `pullImage` is the hash of this file.
///
/// The members are: the layers as `<diffID>.tar`, each once; the config; then for readers older than Docker 1.10 a
/// directory for each layer with a link to it, `VERSION` and `json`; `manifest.json`; and `repositories`. A layer that
/// an image has twice has two directories. Names include their registry.
package final class SkopeoArchiveWriter {
    private static let owner = TarOwner(userName: "", groupName: "", modified: 0)

    private let sink: any ArchiveSink
    private let tar: TarWriter
    private let layers: LayerMembers

    /// - Parameters:
    ///   - sink: receives the archive.
    ///   - progress: receives the progress of the layers.
    package init(to sink: any ArchiveSink, progress: any Progress) {
        self.sink = sink
        tar = TarWriter(to: sink, owner: Self.owner, dialect: .go)
        layers = LayerMembers(to: sink, in: tar, named: .digests, progress: progress)
    }

    /// Writes the whole archive of an image.
    ///
    /// - Parameter name: the name and tag in the archive; the image's own names are ignored.
    /// - Returns: the summary of the image.
    /// - Throws: the errors of the layers; `ToolError` with code `data` for a config that is not a JSON object.
    package func write(_ image: any Image, as name: ImageName) throws -> ImageSummary {
        let layers = try layers.write(image.layers, eachOnce: true).map(\.layer)
        let config = try image.config.with(diffIDs: layers.map(\.diffID)).blob()
        let imageID = config.descriptor.digest
        try tar.file("\(imageID.hex).json", config.bytes)
        let legacy = try SkopeoLegacyLayer.layers(layers.map(\.diffID), config: config.bytes)
        for layer in legacy {
            try tar.link("\(layer.id)/layer.tar", to: "../\(layer.diffID.hex).tar", mode: 0)
            try tar.file("\(layer.id)/VERSION", Array("1.0".utf8))
            try tar.file("\(layer.id)/json", layer.json)
        }
        let written = ImageSummary(names: [name], imageID: imageID, layers: layers)
        try tar.file("manifest.json", Array(Self.manifest(of: written, name.full).skopeoText.utf8))
        try tar.file("repositories", Array(Self.repositories(top: legacy.last, name.full).canonical.utf8))
        try tar.finish()
        try sink.finish()
        return written
    }

    private static func manifest(of image: ImageSummary, _ name: ImageName) -> DockerManifest {
        DockerManifest([
            DockerManifest.Entry(
                config: "\(image.imageID.hex).json", repoTags: ["\(name)"],
                layers: image.layers.map { "\($0.diffID.hex).tar" })
        ])
    }

    private static func repositories(top: SkopeoLegacyLayer?, _ name: ImageName) -> JSONValue {
        guard let top, let repository = name.name, let tag = name.tag else { return [:] }
        return .object([repository: .object([tag: .string(top.id)])])
    }
}

/// The JSON that skopeo's archives have for each layer, for readers older than Docker 1.10: an image that is the child
/// of the one below.
struct SkopeoLegacyLayer {
    /// The digest of the JSON, 64 hexadecimal digits.
    let id: String
    let diffID: Digest
    let json: [UInt8]

    /// The members of the config that are repeated in the topmost layer's JSON.
    private static let ofConfig = [
        "architecture", "config", "container", "container_config", "created", "docker_version", "os",
    ]

    /// The JSON of all layers.
    ///
    /// - Parameters:
    ///   - diffIDs: the digests of all layers, the lowest first.
    ///   - config: the bytes of the image's config: skopeo copies members in the spelling that they have there.
    /// - Throws: `ToolError` with code `data` if the config is not a JSON object.
    static func layers(_ diffIDs: [Digest], config: [UInt8]) throws -> [SkopeoLegacyLayer] {
        var layers: [SkopeoLegacyLayer] = []
        for (number, (diffID, chainID)) in zip(diffIDs, try ChainID.all(diffIDs)).enumerated() {
            var members: [String: JSONText] = [:]
            if let parent = layers.last { members["parent"] = JSONText(.string(parent.id)) }
            if number == diffIDs.count - 1 {
                let known = try JSONText.members(of: config, source: "the config", limit: ImageLimits.json)
                for name in ofConfig { members[name] = known[name] ?? JSONText(.null) }
            }
            members["layer_id"] = JSONText(.string("\(chainID)"))
            let id = try SHA256.digest(of: JSONText(members).bytes).hex
            members["layer_id"] = nil
            members["id"] = JSONText(.string(id))
            layers.append(SkopeoLegacyLayer(id: id, diffID: diffID, json: JSONText(members).bytes))
        }
        return layers
    }
}
