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
        /// Bytes of the layer as it lies in the archive.
        public let size: UInt64
        /// The command or program that made it; nil where the history does not say.
        public let createdBy: String?
        /// The history's comment: dockerTools writes the layer's store paths here.
        public let comment: String?
    }

    /// Reads the archive at `location` once and describes one of its images.
    ///
    /// - Throws: `Failure` with code `data` if the archive is damaged or holds no image of that name, which lists those
    ///   that it holds; with code `io` if it cannot be read.
    public static func read(_ location: ImageLocation) throws -> ImageInspection {
        let archive = try DockerArchiveReader.read(ArchiveSource.open(location.path))
        return try ImageInspection(archive, name: location.name)
    }

    /// - Parameter name: `NAME:TAG` of the image, exactly; nil: the first one.
    public init(_ archive: DockerArchive, name: String? = nil) throws {
        let chosen = archive.images.first { image in name.map(image.repoTags.contains) ?? true }
        guard let image = chosen else { throw Self.missing(name, in: archive) }
        names = image.repoTags
        (self.name, tag) = Self.split(name ?? image.repoTags.first)
        imageID = image.imageID
        imageConfig = image.config
        layers = Self.layers(image)
        source = archive.name
        archiveBuildArgs = archive.buildArgs
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

    private static func missing(_ name: String?, in archive: DockerArchive) -> Failure {
        let names = archive.images.flatMap(\.repoTags).map(\.onOneLine)
        return Failure(
            .data, "cannot read \(archive.name)", why: "it holds no image named '\((name ?? "").onOneLine)'",
            advice: names.isEmpty
                ? "leave the name out: the images in it have none"
                : "choose one of those that it holds: \(names.joined(separator: ", "))")
    }

    /// The tag is behind the last colon, unless a slash comes after that: then it is a registry's port.
    private static func split(_ reference: String?) -> (String?, String?) {
        guard let reference else { return (nil, nil) }
        guard let colon = reference.lastIndex(of: ":"), !reference[colon...].contains("/") else {
            return (reference, nil)
        }
        return (String(reference[..<colon]), String(reference[reference.index(after: colon)...]))
    }

    /// The entries of the history that are not marked `empty_layer` belong to the layers, one to each.
    private static func layers(_ image: DockerArchive.Image) -> [Layer] {
        let made = (image.config["history"]?.array ?? []).filter { $0["empty_layer"]?.bool != true }
        let isMatched = made.count == image.layers.count
        return image.layers.enumerated().map { index, layer in
            let entry = isMatched ? made[index] : .null
            return Layer(
                diffID: layer.diffID, size: layer.size, createdBy: entry["created_by"]?.string,
                comment: entry["comment"]?.string)
        }
    }
}
