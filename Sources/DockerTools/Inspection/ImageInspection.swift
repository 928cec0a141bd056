import Archives
import Digests
import Failures
import Images

/// What an image says about itself.
public struct ImageInspection: Sendable {
    /// The repository name of the image, without its tag; nil where the archive gives none.
    public let name: String?
    /// The tag; nil where the archive gives none.
    public let tag: String?
    /// All names of the image, `NAME:TAG` each.
    public let names: [String]
    /// The SHA-256 of the config's bytes.
    public let imageID: Digest
    /// The whole config of the image (Image Specification v1.2).
    public let imageConfig: JSONValue
    /// The layers, the lowest one first.
    public let layers: [Layer]
    /// The name of what was read, for errors.
    private let source: String
    private let archiveBuildArgs: JSONValue?

    /// One layer, with what the config's history says of it.
    public struct Layer: Hashable, Sendable {
        public let diffID: Digest
        /// Bytes of the layer as it lies in the archive; of its plain tar where the image is made from a spec.
        public let size: UInt64
        /// The command or program that made it; nil where the history does not say.
        public let createdBy: String?
        /// The history's comment: dockerTools writes the layer's store paths here.
        public let comment: String?
    }

    /// Reads or makes an image and describes it.
    ///
    /// - Throws: `Failure` with code `data` if it is damaged or holds no image of that name, which lists those that it holds;
    ///   with code `io` if it cannot be read; what the making of a spec's image throws.
    public static func read(
        _ argument: ImageArgument, surroundings: Surroundings, reporter: any Reporter
    ) async throws -> ImageInspection {
        switch try ImageOrigin(argument, surroundings, reporter) {
        case .place(let location):
            return try await read(location, surroundings: surroundings, reporter: reporter)
        case .spec(let spec):
            return try ImageInspection(await spec.image(surroundings, reporter), source: argument.text)
        }
    }

    /// Reads what lies at `location` and describes one of its images.
    static func read(
        _ location: ImageLocation, surroundings: Surroundings, reporter: any Reporter
    ) async throws -> ImageInspection {
        let archive = try await location.archive(surroundings, reporter, keepsLayers: false)
        return ImageInspection(
            try archive.image(named: location.name), chosen: location.name, buildArgs: archive.buildArgs)
    }

    /// - Parameter image: an image that was made.
    /// - Throws: what its layers throw.
    init(_ image: any Image, source: String) throws {
        let written = try WrittenImage(image, opened: image.layers)
        let config = try JSONValue(
            parsing: image.config(diffIDs: written.layers.map(\.diffID)), source: "the config", limit: ImageLimits.json)
        names = written.names.map { "\($0)" }
        (name, tag) = (written.names.first?.name, written.names.first?.tag)
        imageID = written.imageID
        imageConfig = config
        layers = Self.layers(written.layers.map { ($0.diffID, $0.size) }, config)
        self.source = source
        archiveBuildArgs = try image.attachments.first { $0.name == buildArgsName }.map {
            try JSONValue(parsing: $0.bytes, source: buildArgsName, limit: ImageLimits.json)
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
        imageConfig = image.config.value
        layers = Self.layers(image.archivedLayers.map { ($0.diffID, $0.size) }, image.config.value)
        source = image.source
        archiveBuildArgs = buildArgs
    }

    /// The arguments that the image was built with.
    ///
    /// - Throws: `Failure` with code `data` if the archive does not have them.
    public func buildArgs() throws -> JSONValue {
        guard let archiveBuildArgs else {
            throw Failure(
                .data, "cannot show the build arguments of \(source)",
                why:
                    "the archive has no member buildArgs.json: it was told not to keep them, or is another program's",
                advice: "build the image with dockertools, without --no-build-args")
        }
        return archiveBuildArgs
    }

    /// The entries of the history that are not marked `empty_layer` belong to the layers, one to each.
    private static func layers(_ layers: [(diffID: Digest, size: UInt64)], _ config: JSONValue) -> [Layer] {
        let made = (config["history"]?.array ?? []).filter { $0["empty_layer"]?.bool != true }
        let isMatched = made.count == layers.count
        return layers.enumerated().map { index, layer in
            let entry = isMatched ? made[index] : .null
            return Layer(
                diffID: layer.diffID, size: layer.size, createdBy: entry["created_by"]?.string,
                comment: entry["comment"]?.string)
        }
    }
}
