import ByteIO
import Errors
import Images
package import JSON
public import OCI

extension DockerTools {
    /// Reads an image, or builds the image of a spec, and describes it. The layers of an image in a registry are not fetched.
    ///
    /// - Throws: `ToolError`: `data` for a damaged image or an unknown name, `io` for unreadable files.
    public func inspect(_ source: ImageSource) async throws -> ImageInspection {
        try await run {
            let opened = try OpenedSource.open(source, context)
            guard opened.spec == nil else { return try ImageInspection(await opened.image(), source: "\(source)") }
            let archive = try await source.archive(context.reading(keepsLayers: false), context)
            return try ImageInspection(archive, choosing: source.chosenName)
        }
    }
}

/// The description of an image: its names, its config and its layers.
public struct ImageInspection: Sendable {
    /// The repository name of the image, without its tag; nil if it has no name.
    public let name: String?
    /// The tag; nil if it has no tag.
    public let tag: String?
    /// All names of the image: `NAME:TAG`.
    public let names: [String]
    /// The image ID: the digest of the config.
    public let imageID: Digest
    /// The config of the image (Docker Image Specification v1.2).
    package let imageConfig: JSONValue
    /// The layers, the lowest first.
    public let layers: [Layer]
    /// What the source has beside its images: signatures, attestations, SBOMs.
    private let artifacts: [ImageArtifact]
    /// The source in errors.
    private let source: String
    private let archiveBuildArgs: JSONValue?

    /// A layer and its entry in the config's history.
    public struct Layer: Hashable, Sendable {
        /// The digest of the uncompressed tar.
        public let diffID: Digest
        /// The size of the layer in the archive in bytes, compressed or not; of its uncompressed tar if the image is built from
        /// a spec.
        public let size: UInt64
        /// The command or program that created the layer; nil if the history does not say.
        public let createdBy: String?
        /// The comment of the history: dockerTools writes the store paths of the layer here.
        public let comment: String?
    }

    /// Describes an image that was built.
    ///
    /// - Throws: the errors of its layers.
    fileprivate init(_ image: any Image, source: String) throws {
        let written = try ImageSummary(image, opened: image.layers)
        let config = image.config.with(diffIDs: written.layers.map(\.diffID))
        names = written.names.map { "\($0)" }
        (name, tag) = (written.names.first?.name, written.names.first?.tag)
        imageID = written.imageID
        imageConfig = config.json
        layers = Self.layers(written.layers.map { ($0.diffID, $0.size) }, config)
        self.source = source
        artifacts = []
        archiveBuildArgs = try image.extraMembers.first { $0.name == BuiltImage.buildArgsName }.map {
            try JSONValue(parsing: $0.bytes, source: BuiltImage.buildArgsName, limit: ImageLimits.json)
        }
    }

    /// Describes an image that was read.
    ///
    /// - Parameters:
    ///   - archive: the archive that has the image.
    ///   - chosen: the name that chooses the image; nil: it is the first one.
    /// - Throws: `ToolError` with code `data` if the archive has no image of that name.
    init(_ archive: ImageArchive, choosing chosen: String?) throws {
        let image = try archive.image(named: chosen)
        names = image.names.map { "\($0)" }
        let shown = image.names.first { "\($0)" == chosen } ?? image.names.first
        (name, tag) = (shown?.name, shown?.tag)
        imageID = image.imageID
        imageConfig = image.config.json
        layers = Self.layers(image.archivedLayers.map { ($0.statedDiffID, $0.size) }, image.config)
        source = image.source
        archiveBuildArgs = archive.buildArgs
        artifacts = archive.artifacts
    }

    /// The arguments that the image was built with.
    ///
    /// - Throws: `ToolError` with code `data` if the archive does not have them.
    package func buildArgs() throws -> JSONValue {
        guard let archiveBuildArgs else {
            throw ToolError(
                .data, "cannot show the build arguments of \(source)",
                cause: "the archive has no member buildArgs.json: it was built without them, or by another program",
                remedy: "build the image with dockertools, without \(.noBuildArgs)")
        }
        return archiveBuildArgs
    }

    /// Assigns the history entries without `empty_layer` to the layers, if their numbers are equal.
    private static func layers(_ layers: [(diffID: Digest, size: UInt64)], _ config: ImageConfig) -> [Layer] {
        let made = config.layerHistory
        let isMatched = made.count == layers.count
        return layers.enumerated().map { index, layer in
            let entry = isMatched ? made[index] : nil
            return Layer(
                diffID: layer.diffID, size: layer.size, createdBy: entry?.createdBy, comment: entry?.comment)
        }
    }
}

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
    ///     config        object: the run-time configuration of the image
    ///     layers        list, the lowest layer first, of
    ///                     diffID     string: sha256:hex of the uncompressed layer
    ///                     size       integer: bytes of the layer in the archive
    ///                     createdBy  string or null: the creator of the layer by the history
    ///                     comment    string or null: the history's comment
    ///     history       list of objects: the history of the image
    ///     artifacts     list of {digest, type, names}: what an OCI layout has beside its images, such as SBOMs
    package var json: JSONValue {
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
            "artifacts": .array(
                artifacts.map {
                    [
                        "digest": .string("\($0.digest)"), "type": .string($0.type),
                        "names": .array($0.names.map { .string("\($0)") }),
                    ]
                }),
        ]
    }

    /// The run-time configuration; an empty object if the image has none.
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

extension ImageInspection {
    /// The names, the digests, the configuration and a table of the layers.
    public var text: String {
        var facts = TextTable([.init(""), .init("")])
        facts.add(["name", name ?? "(none)"])
        facts.add(["tag", tag ?? "(none)"])
        for other in names where other != names.first { facts.add(["also named", other]) }
        facts.add(["image ID", "\(imageID)"])
        for key in ["architecture", "variant", "os", "created"] {
            if let value = imageConfig[key], value != .null { facts.add([key, Self.text(of: value)]) }
        }
        for (key, value) in configFacts { facts.add([key, value]) }
        facts.add(["size", "\(ByteCount(layers.reduce(0) { $0 &+ $1.size })) in \(layers.count) layers"])
        for artifact in artifacts { facts.add(["artifact", "\(artifact.digest) \(artifact.type.onOneLine)"]) }
        return facts.description + "\n" + layerTable.description
    }

    /// The fields of the configuration in the order of its specification, without empty ones. Lists have one line for each
    /// value.
    private var configFacts: [(String, String)] {
        let keys = [
            "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal",
            "Healthcheck",
        ]
        return keys.flatMap { key in
            Self.lines(key, runConfig[key] ?? .null).map { (key, $0) }
        }
    }

    private static func lines(_ key: String, _ value: JSONValue) -> [String] {
        switch value {
        case .null, .string(""): []
        // The boundaries between the words of a command matter.
        case .array where key == "Cmd" || key == "Entrypoint": [value.canonical]
        case .array(let values): values.map(text(of:))
        case .object(let members) where key == "Labels":
            members.sorted { $0.key < $1.key }.map { "\($0.key)=\(text(of: $0.value))" }
        // Ports and volumes are keys of empty objects.
        case .object(let members) where key != "Healthcheck": members.keys.sorted()
        default: [text(of: value)]
        }
    }

    private var layerTable: TextTable {
        var table = TextTable([.init("LAYER", .right), .init("SIZE", .right), .init("DIFF ID"), .init("CREATED BY")])
        for (index, layer) in layers.enumerated() {
            table.add(["\(index + 1)", "\(ByteCount(layer.size))", "\(layer.diffID)", Self.origin(layer)])
        }
        return table
    }

    /// The creator and the comment of a layer, cut to 80 characters.
    private static func origin(_ layer: Layer) -> String {
        let parts = [layer.createdBy, layer.comment].compactMap { $0?.onOneLine }.filter { !$0.isEmpty }
        let text = parts.joined(separator: ": ")
        return text.count > 80 ? text.prefix(79) + "…" : text
    }

    private static func text(of value: JSONValue) -> String { value.string ?? value.canonical }
}
