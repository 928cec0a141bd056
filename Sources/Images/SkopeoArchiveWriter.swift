import Archives
import Digests
import Tar

/// Writes an image as the docker-archive that skopeo 1.9 makes of one in a registry (`skopeo copy docker://…
/// docker-archive:…`), byte for byte: the `sha256` that nixpkgs' `pullImage` is given is that of this file.
///
/// The members: the layers as `<diffID>.tar`, each once; the config as it is; then for readers older than Docker 1.10 a
/// folder for each layer with a link to it, `VERSION` and `json`; `manifest.json`; and `repositories`. A layer that comes
/// twice has a folder each time. Names have their registry with them.
public final class SkopeoArchiveWriter {
    private static let owner = TarOwner(userName: "", groupName: "", modified: 0)

    private let sink: any ArchiveSink
    private let tar: TarWriter
    private let layers: LayerMembers

    public init(to sink: any ArchiveSink, progress: any Progress) {
        self.sink = sink
        tar = TarWriter(to: sink, owner: Self.owner, dialect: .go)
        layers = LayerMembers(to: sink, in: tar, progress: progress) { hex, size in
            try Array("\(hex).tar".utf8).withUnsafeBytes { path in
                try TarWriter.headerBytes(
                    TarEntry(path: path, kind: .file, mode: 0o444, size: size), owner: Self.owner, dialect: .go)
            }
        }
    }

    /// Writes the archive of an image, to its end.
    ///
    /// - Parameter name: what the image is called in it, name and tag, whatever it is called elsewhere.
    /// - Returns: what is known of the image.
    /// - Throws: what the layers throw; `Failure` with code `data` for a config that is no JSON object.
    public func write(_ image: any Image, as name: ImageName) throws -> WrittenImage {
        let layers = try layers.write(image.layers, hashesAhead: true)
        let config = try image.config(diffIDs: layers.map(\.diffID))
        let imageID = try SHA256.digest(of: config)
        try file("\(imageID.hex).json", config)
        let legacy = try SkopeoLegacyLayer.layers(layers.map(\.diffID), config: config)
        for layer in legacy {
            try link("\(layer.id)/layer.tar", to: "../\(layer.diffID.hex).tar")
            try file("\(layer.id)/VERSION", Array("1.0".utf8))
            try file("\(layer.id)/json", layer.json)
        }
        let written = WrittenImage(names: [name], imageID: imageID, layers: layers)
        try file("manifest.json", Array(Self.manifest(of: written, name.full).utf8))
        try file("repositories", Array(Self.repositories(top: legacy.last, name.full).canonical.utf8))
        try tar.finish()
        try sink.finish()
        return written
    }

    /// The members in the order that skopeo has them in, which is not that of their names.
    private static func manifest(of image: WrittenImage, _ name: ImageName) -> String {
        let tags = JSONValue.array([.string("\(name)")]).canonical
        let layers = JSONValue.array(image.layers.map { .string("\($0.diffID.hex).tar") }).canonical
        return #"[{"Config":"\#(image.imageID.hex).json","RepoTags":\#(tags),"Layers":\#(layers)}]"#
    }

    private static func repositories(top: SkopeoLegacyLayer?, _ name: ImageName) -> JSONValue {
        guard let top, let repository = name.name, let tag = name.tag else { return [:] }
        return .object([repository: .object([tag: .string(top.id)])])
    }

    private func file(_ name: String, _ bytes: [UInt8]) throws {
        try Array(name.utf8).withUnsafeBytes { path in
            try tar.header(TarEntry(path: path, kind: .file, mode: 0o444, size: UInt64(bytes.count)))
        }
        try tar.body(bytes)
    }

    private func link(_ name: String, to target: String) throws {
        try Array(name.utf8).withUnsafeBytes { path in
            try Array(target.utf8).withUnsafeBytes { target in
                try tar.header(TarEntry(path: path, kind: .symbolicLink, mode: 0, linkTarget: target))
            }
        }
    }
}
