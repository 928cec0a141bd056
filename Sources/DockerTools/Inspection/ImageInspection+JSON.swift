import Archives

extension ImageInspection {
    /// The object that `inspect --json` prints:
    ///
    ///     name          string or null: the repository name, without the tag
    ///     tag           string or null
    ///     names         list of strings: all names of the image, NAME:TAG each
    ///     imageID       string: sha256:hex of the config's bytes
    ///     architecture  string or null: a GOARCH
    ///     os            string or null
    ///     created       string or null: RFC 3339
    ///     config        object: the run-time configuration, as it is in the image
    ///     layers        list, the lowest layer first, of
    ///                     diffID     string: sha256:hex of the plain layer, as the config says
    ///                     size       integer: bytes of the layer as it lies in the archive
    ///                     createdBy  string or null: what made it, as the history says
    ///                     comment    string or null: the history's comment
    ///     history       list of objects: the history as it is in the image
    public var json: JSONValue {
        [
            "name": Self.value(name),
            "tag": Self.value(tag),
            "names": .array(names.map(JSONValue.string)),
            "imageID": .string("\(imageID)"),
            "architecture": imageConfig["architecture"] ?? .null,
            "os": imageConfig["os"] ?? .null,
            "created": imageConfig["created"] ?? .null,
            "config": runConfig,
            "layers": .array(layers.map(Self.value)),
            "history": imageConfig["history"] ?? [],
        ]
    }

    /// The run-time configuration; images without one have `null` there.
    var runConfig: JSONValue {
        guard let config = imageConfig["config"], config != .null else { return .object([:]) }
        return config
    }

    private static func value(_ layer: Layer) -> JSONValue {
        [
            "diffID": .string("\(layer.diffID)"),
            "size": .int(Int64(clamping: layer.size)),
            "createdBy": value(layer.createdBy),
            "comment": value(layer.comment),
        ]
    }

    private static func value(_ string: String?) -> JSONValue { string.map(JSONValue.string) ?? .null }
}
