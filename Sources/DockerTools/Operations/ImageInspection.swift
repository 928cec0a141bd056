import ByteIO
import Errors
import Images
import JSON
import OCI

/// What an image says about itself.
package struct ImageInspection: Sendable {
    /// The repository name of the image, without its tag; nil where the archive gives none.
    package let name: String?
    /// The tag; nil where the archive gives none.
    package let tag: String?
    /// All names of the image, `NAME:TAG` each.
    package let names: [String]
    /// The SHA-256 of the config's bytes.
    package let imageID: Digest
    /// The whole config of the image (Image Specification v1.2).
    package let imageConfig: JSONValue
    /// The layers, the lowest one first.
    package let layers: [Layer]
    /// The name of what was read, for errors.
    private let source: String
    private let archiveBuildArgs: JSONValue?

    /// One layer, with what the config's history says of it.
    package struct Layer: Hashable, Sendable {
        package let diffID: Digest
        /// Bytes of the layer as it lies in the archive; of its plain tar where the image is made from a spec.
        package let size: UInt64
        /// The command or program that made it; nil where the history does not say.
        package let createdBy: String?
        /// The history's comment: dockerTools writes the layer's store paths here.
        package let comment: String?
    }

    /// Reads or makes an image and describes it.
    ///
    /// - Throws: `ToolError` with code `data` if it is damaged or holds no image of that name, which lists those that it holds;
    ///   with code `io` if it cannot be read; what the making of a spec's image throws.
    package static func read(
        _ argument: ImageArgument, context: Context, reporter: any Reporter
    ) async throws -> ImageInspection {
        switch try ImageOrigin(argument, context, reporter) {
        case .place(let location):
            return try await read(location, context: context, reporter: reporter)
        case .spec(let spec):
            return try ImageInspection(await spec.build(in: context.reporting(to: reporter)), source: argument.text)
        }
    }

    /// Reads what lies at `location` and describes one of its images.
    static func read(
        _ location: ImageLocation, context: Context, reporter: any Reporter
    ) async throws -> ImageInspection {
        let archive = try await location.archive(context, reporter, keepsLayers: false)
        return ImageInspection(
            try archive.image(named: location.name), chosen: location.name, buildArgs: archive.buildArgs)
    }

    /// - Parameter image: an image that was made.
    /// - Throws: what its layers throw.
    init(_ image: any Image, source: String) throws {
        let written = try ImageSummary(image, opened: image.layers)
        let config = image.config.with(diffIDs: written.layers.map(\.diffID))
        names = written.names.map { "\($0)" }
        (name, tag) = (written.names.first?.name, written.names.first?.tag)
        imageID = written.imageID
        imageConfig = config.json
        layers = Self.layers(written.layers.map { ($0.diffID, $0.size) }, config)
        self.source = source
        archiveBuildArgs = try image.extraMembers.first { $0.name == BuiltImage.buildArgsName }.map {
            try JSONValue(parsing: $0.bytes, source: BuiltImage.buildArgsName, limit: ImageLimits.json)
        }
    }

    /// - Parameters:
    ///   - image: an image that was read.
    ///   - chosen: what it was chosen by; nil: the first.
    ///   - buildArgs: the arguments that it was built with, where they are known.
    init(_ image: ArchivedImage, chosen: String?, buildArgs: JSONValue?) {
        names = image.names.map { "\($0)" }
        let shown = image.names.first { "\($0)" == chosen } ?? image.names.first
        (name, tag) = (shown?.name, shown?.tag)
        imageID = image.imageID
        imageConfig = image.config.json
        layers = Self.layers(image.archivedLayers.map { ($0.statedDiffID, $0.size) }, image.config)
        source = image.source
        archiveBuildArgs = buildArgs
    }

    /// The arguments that the image was built with.
    ///
    /// - Throws: `ToolError` with code `data` if the archive does not have them.
    package func buildArgs() throws -> JSONValue {
        guard let archiveBuildArgs else {
            throw ToolError(
                .data, "cannot show the build arguments of \(source)",
                cause:
                    "the archive has no member buildArgs.json: it was told not to keep them, or is another program's",
                remedy: "build the image with dockertools, without --no-build-args")
        }
        return archiveBuildArgs
    }

    /// The entries of the history that are not marked `empty_layer` belong to the layers, one to each.
    private static func layers(_ layers: [(diffID: Digest, size: UInt64)], _ config: ImageConfig) -> [Layer] {
        let made = config.layerHistory
        let isMatched = made.count == layers.count
        return layers.enumerated().map { index, layer in
            let entry = isMatched ? made[index] : nil
            return Layer(
                diffID: layer.diffID, size: layer.size, createdBy: entry?.createdBy,
                comment: entry?.comment)
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
    ///     config        object: the run-time configuration, as it is in the image
    ///     layers        list, the lowest layer first, of
    ///                     diffID     string: sha256:hex of the plain layer, as the config says
    ///                     size       integer: bytes of the layer as it lies in the archive
    ///                     createdBy  string or null: what made it, as the history says
    ///                     comment    string or null: the history's comment
    ///     history       list of objects: the history as it is in the image
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

extension ImageInspection {
    /// The description for people: what the image is, how it runs, and a table of its layers.
    package var text: String {
        var facts = TextTable([.init(""), .init("")])
        facts.add(["name", name ?? "(none)"])
        facts.add(["tag", tag ?? "(none)"])
        for other in names where other != names.first { facts.add(["also named", other]) }
        facts.add(["image ID", "\(imageID)"])
        for key in ["architecture", "variant", "os", "created"] {
            if let value = imageConfig[key], value != .null { facts.add([key, Self.words(value)]) }
        }
        for (key, value) in configFacts { facts.add([key, value]) }
        facts.add(["size", "\(ByteCount(layers.reduce(0) { $0 &+ $1.size })) in \(layers.count) layers"])
        return facts.description + "\n" + layerTable.description
    }

    /// The fields of the configuration that tell how the image runs, in the order of its specification; what is not set
    /// is left out. Env and the like have a line for each value.
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
        // A command is one thing, and its words' limits count.
        case .array where key == "Cmd" || key == "Entrypoint": [value.canonical]
        case .array(let values): values.map(words)
        case .object(let members) where key == "Labels":
            members.sorted { $0.key < $1.key }.map { "\($0.key)=\(words($0.value))" }
        // Ports and volumes are the keys of objects that are empty.
        case .object(let members) where key != "Healthcheck": members.keys.sorted()
        default: [words(value)]
        }
    }

    private var layerTable: TextTable {
        var table = TextTable([.init("LAYER", .right), .init("SIZE", .right), .init("DIFF ID"), .init("CREATED BY")])
        for (index, layer) in layers.enumerated() {
            table.add(["\(index + 1)", "\(ByteCount(layer.size))", "\(layer.diffID)", Self.origin(layer)])
        }
        return table
    }

    /// The comment says more than the program's name where there is one; both are cut to what a person reads.
    private static func origin(_ layer: Layer) -> String {
        let parts = [layer.createdBy, layer.comment].compactMap { $0?.onOneLine }.filter { !$0.isEmpty }
        let text = parts.joined(separator: ": ")
        return text.count > 80 ? text.prefix(79) + "…" : text
    }

    private static func words(_ value: JSONValue) -> String { value.string ?? value.canonical }
}
