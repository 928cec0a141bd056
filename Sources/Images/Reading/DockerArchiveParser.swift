import Archives
import Digests
import Failures
import Tar

/// Makes sense of the members of a docker-archive: manifest, configs, layers.
///
/// Source: `manifest.json` as Docker's `image/tarexport` writes it.
struct DockerArchiveParser {
    let name: String
    let members: [String: ArchiveMember]

    func archive() throws -> DockerArchive {
        guard members["manifest.json"] != nil else {
            throw Failure(
                .data, "cannot read \(name)", why: "it has no member manifest.json: it is no docker-archive",
                advice: "make one with `docker save`, or `skopeo copy … docker-archive:FILE`")
        }
        let manifest = try JSONValue(
            parsing: json("manifest.json", "the manifest"), source: "manifest.json of \(name)", limit: ImageLimits.json)
        guard let entries = manifest.array, !entries.isEmpty else {
            throw failure("manifest.json is \(manifest.kind), and not a list of images")
        }
        let images = try entries.enumerated().map { try image($1, "manifest.json[\($0)]") }
        return DockerArchive(name: name, images: images, buildArgs: try buildArgs())
    }

    private func image(_ entry: JSONValue, _ place: String) throws -> DockerArchive.Image {
        guard let configName = entry["Config"]?.string else { throw wrong(place, "Config", entry, "a string") }
        guard let layerNames = entry["Layers"]?.strings else {
            throw wrong(place, "Layers", entry, "a list of strings")
        }
        let repoTags = try repoTags(entry, place)
        let bytes = try json(configName, "the config of \(place)")
        let imageID = try SHA256.digest(of: bytes)
        if let named = Self.digest(in: configName), named != imageID {
            throw failure("the config \(Self.quoted(configName)) has the digest \(imageID), and not that of its name")
        }
        let config = try JSONValue(parsing: bytes, source: "the config of \(name)", limit: ImageLimits.json)
        let diffIDs = try diffIDs(config)
        guard diffIDs.count == layerNames.count else {
            throw failure("\(place) has \(layerNames.count) layers, and its config has \(diffIDs.count) diff_ids")
        }
        let layers = try zip(layerNames, diffIDs).map {
            DockerArchive.Layer(name: $0, size: try layerSize($0), diffID: $1)
        }
        return DockerArchive.Image(
            configName: configName, repoTags: repoTags, configBytes: bytes, config: config, imageID: imageID,
            layers: layers)
    }

    /// Docker writes `null` for an image without names.
    private func repoTags(_ entry: JSONValue, _ place: String) throws -> [String] {
        guard let value = entry["RepoTags"], value != .null else { return [] }
        guard let tags = value.strings else { throw wrong(place, "RepoTags", entry, "a list of strings") }
        return tags
    }

    private func diffIDs(_ config: JSONValue) throws -> [Digest] {
        guard let texts = config["rootfs"]?["diff_ids"]?.strings else {
            throw failure("the config has no rootfs.diff_ids that is a list of strings")
        }
        return try texts.enumerated().map { index, text in
            guard let digest = Digest(text) else {
                throw failure(
                    "rootfs.diff_ids[\(index)] of the config is \(Self.quoted(text)), and not 'sha256:' and 64 digits "
                        + "0-9 a-f")
            }
            return digest
        }
    }

    private func layerSize(_ layer: String) throws -> UInt64 {
        guard let member = members[layer] else { throw failure("the layer \(Self.quoted(layer)) is not in it") }
        guard member.isFile else {
            throw failure("the layer \(Self.quoted(layer)) is a link or device, which is not read yet")
        }
        return member.size
    }

    private func buildArgs() throws -> JSONValue? {
        guard members["buildArgs.json"] != nil else { return nil }
        return try JSONValue(
            parsing: json("buildArgs.json", "the build arguments"), source: "buildArgs.json of \(name)",
            limit: ImageLimits.json)
    }

    private func json(_ member: String, _ what: String) throws -> [UInt8] {
        guard let found = members[member] else { throw failure("\(what), \(Self.quoted(member)), is not in it") }
        if let json = found.json { return json }
        guard found.size <= UInt64(ImageLimits.json) else {
            throw failure(
                "\(what), \(Self.quoted(member)), has \(found.size) bytes, more than the limit of \(ImageLimits.json)")
        }
        throw failure("\(what), \(Self.quoted(member)), is no JSON")
    }

    /// The digest that a config's name tells: `<hex>.json`, or `blobs/sha256/<hex>` where Docker 25 and later wrote it.
    private static func digest(in configName: String) -> Digest? {
        if configName.hasPrefix("blobs/sha256/") { return Digest(hex: configName.dropFirst(13)) }
        return configName.hasSuffix(".json") ? Digest(hex: configName.dropLast(5)) : nil
    }

    private func wrong(_ place: String, _ key: String, _ entry: JSONValue, _ wanted: String) -> Failure {
        guard entry.object != nil else { return failure("\(place) is \(entry.kind), and not an object") }
        return failure("\(place).\(key) is \(entry[key]?.kind ?? "missing"), and not \(wanted)")
    }

    private func failure(_ why: String) -> Failure {
        Failure(
            .data, "cannot read \(name)", why: why, advice: "get the archive anew, or make it with another program")
    }

    private static func quoted(_ text: String) -> String { "'\(TarName.printable(Array(text.utf8)))'" }
}
