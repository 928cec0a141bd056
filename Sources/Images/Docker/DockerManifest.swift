import JSON
import OCI

/// The `manifest.json` of a docker-archive: the images in it, with the paths of their configs and layers.
///
/// Source: Docker Image Specification v1.2, "Combined Image JSON + Filesystem Changeset Format".
struct DockerManifest {
    /// An image of the archive.
    struct Entry {
        /// The path of the config.
        let config: String
        /// The names of the image, `NAME:TAG` each; may be empty.
        let repoTags: [String]
        /// The paths of the layers, the lowest first.
        let layers: [String]
    }

    /// The images; a document that was read has at least one.
    let entries: [Entry]

    init(_ entries: [Entry]) {
        self.entries = entries
    }

    /// - Throws: `OCIFormatError` if it is malformed or lists no image.
    init(json: JSONValue) throws(OCIFormatError) {
        guard let values = json.array, !values.isEmpty else {
            throw OCIFormatError("", "is \(json.array == nil ? json.kind : "empty"); expected a list of images")
        }
        var entries: [Entry] = []
        for (index, value) in values.enumerated() { entries.append(try Entry(json: value, at: "[\(index)]")) }
        self.entries = entries
    }

    /// The document, as Docker and this program write it.
    var json: JSONValue {
        .array(
            entries.map { entry in
                [
                    "Config": .string(entry.config),
                    "RepoTags": .array(entry.repoTags.map { .string($0) }),
                    "Layers": .array(entry.layers.map { .string($0) }),
                ]
            })
    }

    /// The document as skopeo writes it: the members in the order of Go's struct, not of their names.
    var skopeoText: String {
        let texts = entries.map { entry in
            let config = JSONValue.string(entry.config).canonical
            let tags = JSONValue.array(entry.repoTags.map { .string($0) }).canonical
            let layers = JSONValue.array(entry.layers.map { .string($0) }).canonical
            return #"{"Config":\#(config),"RepoTags":\#(tags),"Layers":\#(layers)}"#
        }
        return "[\(texts.joined(separator: ","))]"
    }
}

extension DockerManifest.Entry {
    /// - Parameter place: the place in the document, for errors: `[0]`.
    fileprivate init(json: JSONValue, at place: String) throws(OCIFormatError) {
        guard json.object != nil else { throw OCIFormatError(place, "is \(json.kind); expected an object") }
        let json = try json.folded(["Config", "Layers", "RepoTags"])
        guard let config = json["Config"]?.string else { throw Self.wrong(json, place, "Config", "a string") }
        // Docker writes `null` for an image without layers, and for one without names.
        guard let layers = json["Layers"] == .null ? [] : json["Layers"]?.strings else {
            throw Self.wrong(json, place, "Layers", "a list of strings")
        }
        self.config = config
        self.layers = layers
        if let tags = json["RepoTags"], tags != .null {
            guard let strings = tags.strings else { throw Self.wrong(json, place, "RepoTags", "a list of strings") }
            repoTags = strings
        } else {
            repoTags = []
        }
    }

    private static func wrong(_ json: JSONValue, _ place: String, _ key: String, _ wanted: String) -> OCIFormatError {
        OCIFormatError("\(place).\(key)", "is \(json[key]?.kind ?? "missing"); expected \(wanted)")
    }
}
