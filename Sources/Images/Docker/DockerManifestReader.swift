import ByteIO
import Errors
import JSON
import OCI

/// Makes sense of `manifest.json` and what it names.
///
/// Source: Docker Image Specification v1.2, and what Docker's `image/tarexport` writes and reads.
struct DockerManifestReader {
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
                ImageIssues.Fault(
                    "the config \(TerminalText.quoted(configName))", "digest", got: "\(config.digest)",
                    wanted: "\(named)"),
                files.failure(
                    "the config \(TerminalText.quoted(configName)) has the digest \(config.digest), and not that of its name"
                ))
        }
        guard config.diffIDs.count == layerNames.count else {
            throw files.failure(
                "\(place) has \(layerNames.count) layers, and its config has \(config.diffIDs.count) diff_ids")
        }
        let layers = try zip(layerNames, config.diffIDs).map { name, diffID in
            guard let file = try files.file(name) else {
                throw files.failure("the layer \(TerminalText.quoted(name)) is not in it")
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

    private func wrong(_ place: String, _ key: String, _ entry: JSONValue, _ wanted: String) -> ToolError {
        guard entry.object != nil else { return files.failure("\(place) is \(entry.kind), and not an object") }
        return files.failure("\(place).\(key) is \(entry[key]?.kind ?? "missing"), and not \(wanted)")
    }

}

/// What docker-archives have beside each layer for readers older than Docker 1.10: an image for each, the child of the one
/// below it.
///
/// Source: Docker Image Specification v1.0, "Image JSON Description"; nothing but old readers looks at it.
struct LegacyLayers {
    private let files: any ImageFiles

    init(_ files: any ImageFiles) {
        self.files = files
    }

    /// Tells what in them contradicts the order of the layers. A layer that several images have, or one has twice, is
    /// described once, as the child of any of those that it lies on.
    ///
    /// - Parameter images: the files of each image's layers, the lowest first.
    func check(_ images: [[String]], _ faults: ImageIssues) throws {
        var parents: [String: Set<String>] = [:]
        for names in images {
            let ids = names.filter { $0.hasSuffix(Self.suffix) }.map { String($0.dropLast(Self.suffix.count)) }
            guard ids.count == names.count else { continue }
            for (id, parent) in zip(ids, [Self.none] + ids) { parents[id, default: []].insert(parent) }
        }
        for (id, wanted) in parents.sorted(by: { $0.key < $1.key }) {
            let path = "\(id)/json"
            guard try files.file(path) != nil else { continue }
            let json = try files.value(path, "the layer's JSON")
            let place = TerminalText.quoted(path)
            if let got = json["id"]?.string, got != id {
                faults.add(ImageIssues.Fault(place, "id", got: got, wanted: id))
            }
            let parent = json["parent"]?.string ?? Self.none
            if !wanted.contains(parent) {
                let wanted = wanted.sorted().joined(separator: " or ")
                faults.add(ImageIssues.Fault(place, "parent", got: parent, wanted: wanted))
            }
        }
    }

    private static let suffix = "/layer.tar"
    /// For a layer that lies on no other.
    private static let none = "none"
}
