import ByteIO
import JSON
import OCI

/// Reads the images of a docker-archive: `manifest.json` and the files that it names.
///
/// Source: Docker Image Specification v1.2; Docker's `image/tarexport`.
struct DockerManifestReader {
    private let files: any ImageFiles
    private let context: ReadingContext

    init(_ files: any ImageFiles, _ context: ReadingContext) {
        self.files = files
        self.context = context
    }

    /// - Parameter json: the parsed `manifest.json`.
    func images(_ json: JSONValue) throws -> [ArchivedImage] {
        let manifest = try files.valid("manifest.json") { () throws(OCIFormatError) in try DockerManifest(json: json) }
        let images = try manifest.entries.enumerated().map { try image($1, "manifest.json[\($0)]") }
        if let issues = context.issues {
            try LegacyLayers(files).check(images.map(\.archivedLayers), issues)
        }
        return images
    }

    private func image(_ entry: DockerManifest.Entry, _ place: String) throws -> ArchivedImage {
        let bytes = try files.json(entry.config, "the config of \(place)")
        let (config, imageID) = try files.config(bytes)
        if let named = Self.digest(in: entry.config), named != imageID {
            let name = "the config \(TerminalText.quoted(entry.config))"
            try context.contradiction(
                ValidationIssue(name, "digest", got: "\(imageID)", wanted: "\(named)"),
                files.failure("\(name) has the digest \(imageID), which is not the one in its name"))
        }
        guard config.diffIDs.count == entry.layers.count else {
            throw files.failure(
                "\(place) has \(entry.layers.count) layers, but its config has \(config.diffIDs.count) diff_ids")
        }
        let layers = try zip(entry.layers, config.diffIDs).map { name, diffID in
            guard let file = try files.file(name) else {
                throw files.failure("the layer \(TerminalText.quoted(name)) is missing")
            }
            return ArchivedLayer(
                name: name, archive: files.name, statedDiffID: diffID, digest: Self.blobDigest(in: name),
                mediaType: nil, size: file.size, place: file.place, context: context)
        }
        return ArchivedImage(
            source: files.name, names: entry.repoTags.map { ImageName($0) }, config: config, imageID: imageID,
            archivedLayers: layers)
    }

    /// The digest in a config's name: `<hex>.json`, or a blob's path.
    private static func digest(in configName: String) -> Digest? {
        if let digest = blobDigest(in: configName) { return digest }
        return configName.hasSuffix(".json") ? Digest(hex: configName.dropLast(5)) : nil
    }

    /// The digest in a blob's path, `blobs/sha256/<hex>`, which Docker 25 and later write.
    private static func blobDigest(in name: String) -> Digest? {
        name.hasPrefix("blobs/sha256/") ? Digest(hex: name.dropFirst(13)) : nil
    }
}

/// The JSON that docker-archives have beside each layer for readers older than Docker 1.10: an image for each layer,
/// which is the child of the one below.
///
/// Source: Docker Image Specification v1.0, "Image JSON Description". Newer readers ignore it.
struct LegacyLayers {
    private let files: any ImageFiles

    init(_ files: any ImageFiles) {
        self.files = files
    }

    /// Reports JSON that contradicts the order of the layers. A layer of several images, or one that an image has
    /// twice, is described once, as the child of any of the layers that it is on.
    ///
    /// - Parameter images: the layers of each image, the lowest first.
    func check(_ images: [[ArchivedLayer]], _ issues: ValidationIssues) throws {
        var parents: [String: Set<String>] = [:]
        for layers in images {
            let ids = layers.map(Self.id)
            for (id, parent) in zip(ids, [Self.none] + ids) { parents[id, default: []].insert(parent) }
        }
        for (id, wanted) in parents.sorted(by: { $0.key < $1.key }) {
            let path = "\(id)/json"
            guard try files.file(path) != nil else { continue }
            let json = try files.value(path, "the layer's JSON")
            let place = TerminalText.quoted(path)
            if let got = json["id"]?.string, got != id {
                issues.add(ValidationIssue(place, "id", got: got, wanted: id))
            }
            let parent = json["parent"]?.string ?? Self.none
            if !wanted.contains(parent) {
                let wanted = wanted.sorted().joined(separator: " or ")
                issues.add(ValidationIssue(place, "parent", got: parent, wanted: wanted))
            }
        }
    }

    /// The ID of a layer's image: the name of the directory that the layer is in, or its digest if it is elsewhere.
    private static func id(_ layer: ArchivedLayer) -> String {
        layer.name.hasSuffix(suffix) ? String(layer.name.dropLast(suffix.count)) : layer.statedDiffID.hex
    }

    private static let suffix = "/layer.tar"
    /// The parent of the lowest layer.
    private static let none = "none"
}
