import Archives
import Digests
import Failures
import Tar

/// Makes sense of `manifest.json` and what it names.
///
/// Source: Docker Image Specification v1.2, and what Docker's `image/tarexport` writes and reads.
struct DockerManifest {
    private let files: any ImageFiles
    private let context: ReadingContext

    init(_ files: any ImageFiles, _ context: ReadingContext) {
        self.files = files
        self.context = context
    }

    func images() throws -> [ArchivedImage] {
        let manifest = try files.value("manifest.json", "the manifest")
        guard let entries = manifest.array, !entries.isEmpty else {
            throw files.failure("manifest.json is \(manifest.kind), and not a list of images")
        }
        let images = try entries.enumerated().map { try image($1, "manifest.json[\($0)]") }
        if let faults = context.faults {
            try LegacyLayers(files).check(images.map { $0.archivedLayers.map(\.name) }, faults)
        }
        return images
    }

    private func image(_ entry: JSONValue, _ place: String) throws -> ArchivedImage {
        guard let configName = entry["Config"]?.string else { throw wrong(place, "Config", entry, "a string") }
        guard let layerNames = entry["Layers"]?.strings else {
            throw wrong(place, "Layers", entry, "a list of strings")
        }
        let names = try repoTags(entry, place).map { ImageName($0) }
        let config = try ArchivedConfig(try files.json(configName, "the config of \(place)"), of: files)
        if let named = Self.digest(in: configName), named != config.digest {
            try context.contradiction(
                ImageFaults.Fault(
                    "the config \(TarName.quoted(configName))", "digest", got: "\(config.digest)", wanted: "\(named)"),
                files.failure(
                    "the config \(TarName.quoted(configName)) has the digest \(config.digest), and not that of its name"
                ))
        }
        guard config.diffIDs.count == layerNames.count else {
            throw files.failure(
                "\(place) has \(layerNames.count) layers, and its config has \(config.diffIDs.count) diff_ids")
        }
        let layers = try zip(layerNames, config.diffIDs).map { name, diffID in
            guard let file = try files.file(name) else {
                throw files.failure("the layer \(TarName.quoted(name)) is not in it")
            }
            return ArchivedLayer(
                name: name, archive: files.name, diffID: diffID, digest: Self.blobDigest(in: name), mediaType: nil,
                size: file.size,
                place: file.place, context: context)
        }
        return ArchivedImage(source: files.name, names: names, config: config, archivedLayers: layers)
    }

    /// Docker writes `null` for an image without names.
    private func repoTags(_ entry: JSONValue, _ place: String) throws -> [String] {
        guard let value = entry["RepoTags"], value != .null else { return [] }
        guard let tags = value.strings else { throw wrong(place, "RepoTags", entry, "a list of strings") }
        return tags
    }

    /// The digest that a config's name tells: `<hex>.json`, or as a blob's does.
    private static func digest(in configName: String) -> Digest? {
        if let digest = blobDigest(in: configName) { return digest }
        return configName.hasSuffix(".json") ? Digest(hex: configName.dropLast(5)) : nil
    }

    /// The digest that a blob's name tells: `blobs/sha256/<hex>`, where Docker 25 and later wrote it.
    private static func blobDigest(in name: String) -> Digest? {
        name.hasPrefix("blobs/sha256/") ? Digest(hex: name.dropFirst(13)) : nil
    }

    private func wrong(_ place: String, _ key: String, _ entry: JSONValue, _ wanted: String) -> Failure {
        guard entry.object != nil else { return files.failure("\(place) is \(entry.kind), and not an object") }
        return files.failure("\(place).\(key) is \(entry[key]?.kind ?? "missing"), and not \(wanted)")
    }

}
