import ByteIO
import JSON
import OCI
import Tar

/// Writes an image as the docker-archive that skopeo 1.9 makes of one in a registry (`skopeo copy docker://…
/// docker-archive:…`), byte for byte: the `sha256` that nixpkgs' `pullImage` is given is that of this file.
///
/// The members: the layers as `<diffID>.tar`, each once; the config as it is; then for readers older than Docker 1.10 a
/// directory for each layer with a link to it, `VERSION` and `json`; `manifest.json`; and `repositories`. A layer that comes
/// twice has a directory each time. Names have their registry with them.
package final class SkopeoArchiveWriter {
    private static let owner = TarOwner(userName: "", groupName: "", modified: 0)

    private let sink: any ArchiveSink
    private let tar: TarWriter
    private let layers: LayerMembers

    package init(to sink: any ArchiveSink, progress: any Progress) {
        self.sink = sink
        tar = TarWriter(to: sink, owner: Self.owner, dialect: .go)
        layers = LayerMembers(to: sink, in: tar, progress: progress) { hex, size in
            try Array("\(hex).tar".utf8).withUnsafeBytes { path in
                try TarWriter.headerBytes(
                    TarEntry(path: path, kind: .file, mode: 0o444, size: size), owner: Self.owner, dialect: .go)
            }
        }
    }

    /// Writes the archive of an image, to its end.
    ///
    /// - Parameter name: what the image is called in it, name and tag, whatever it is called elsewhere.
    /// - Returns: what is known of the image.
    /// - Throws: what the layers throw; `ToolError` with code `data` for a config that is no JSON object.
    package func write(_ image: any Image, as name: ImageName) throws -> ImageSummary {
        let layers = try layers.write(image.layers, hashesAhead: true)
        let config = try image.config(diffIDs: layers.map(\.diffID))
        let imageID = try SHA256.digest(of: config)
        try file("\(imageID.hex).json", config)
        let legacy = try SkopeoLegacyLayer.layers(layers.map(\.diffID), config: config)
        for layer in legacy {
            try link("\(layer.id)/layer.tar", to: "../\(layer.diffID.hex).tar")
            try file("\(layer.id)/VERSION", Array("1.0".utf8))
            try file("\(layer.id)/json", layer.json)
        }
        let written = ImageSummary(names: [name], imageID: imageID, layers: layers)
        try file("manifest.json", Array(Self.manifest(of: written, name.full).utf8))
        try file("repositories", Array(Self.repositories(top: legacy.last, name.full).canonical.utf8))
        try tar.finish()
        try sink.finish()
        return written
    }

    /// The members in the order that skopeo has them in, which is not that of their names.
    private static func manifest(of image: ImageSummary, _ name: ImageName) -> String {
        let tags = JSONValue.array([.string("\(name)")]).canonical
        let layers = JSONValue.array(image.layers.map { .string("\($0.diffID.hex).tar") }).canonical
        return #"[{"Config":"\#(image.imageID.hex).json","RepoTags":\#(tags),"Layers":\#(layers)}]"#
    }

    private static func repositories(top: SkopeoLegacyLayer?, _ name: ImageName) -> JSONValue {
        guard let top, let repository = name.name, let tag = name.tag else { return [:] }
        return .object([repository: .object([tag: .string(top.id)])])
    }

    private func file(_ name: String, _ bytes: [UInt8]) throws {
        try Array(name.utf8).withUnsafeBytes { path in
            try tar.header(TarEntry(path: path, kind: .file, mode: 0o444, size: UInt64(bytes.count)))
        }
        try tar.body(bytes)
    }

    private func link(_ name: String, to target: String) throws {
        try Array(name.utf8).withUnsafeBytes { path in
            try Array(target.utf8).withUnsafeBytes { target in
                try tar.header(TarEntry(path: path, kind: .symbolicLink, mode: 0, linkTarget: target))
            }
        }
    }
}

/// What an archive of skopeo's has of a layer for readers older than Docker 1.10: an image that is the child of the one
/// below it.
struct SkopeoLegacyLayer {
    /// The digest of what is said of it, 64 hexadecimal digits.
    let id: String
    let diffID: Digest
    let json: [UInt8]

    /// The members of the config that the top one has.
    private static let ofConfig = [
        "architecture", "config", "container", "container_config", "created", "docker_version", "os",
    ]

    /// - Parameters:
    ///   - diffIDs: of all layers, the lowest first.
    ///   - config: the image's config.
    /// - Throws: `ToolError` with code `data` if the config is no JSON object.
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
