import Archives
import Digests
import Images
import Registry

/// What is known of images that were pushed.
public struct PushResult: Sendable {
    private let reference: RegistryReference
    private let images: [PushedImage]
    private let index: RegistryManifest?

    init(_ reference: RegistryReference, _ images: [PushedImage], index: RegistryManifest?) {
        self.reference = reference
        self.images = images
        self.index = index
    }

    /// The digest of what the name leads to now: of the manifest, or of the index.
    var digest: Digest? { (index ?? images.first?.manifest)?.descriptor.digest }

    /// `registry.example/team/app:1@sha256:…`
    public var text: String { "\(reference.with(tag: reference.tag, digest: digest))" }

    /// Writes the digest to a file and nothing else, as podman and skopeo do.
    ///
    /// - Throws: `Failure` with code `io`.
    public func writeDigest(to path: String) throws {
        if let digest { try OutputFile.write("\(digest)", to: path) }
    }

    /// `{name, tag, digest, reference, sent, spared, images: [{imageID, digest, platform, layers}]}`
    public var json: JSONValue {
        .object([
            "name": .string(reference.name),
            "tag": reference.tag.map { .string($0) } ?? .null,
            "digest": digest.map { .string("\($0)") } ?? .null,
            "reference": .string(text),
            "sent": .int(Int64(clamping: images.reduce(0) { $0 + $1.sent })),
            "spared": .int(Int64(clamping: images.reduce(0) { $0 + $1.spared })),
            "images": .array(images.map(Self.json)),
        ])
    }

    private static func json(of image: PushedImage) -> JSONValue {
        .object([
            "imageID": .string("\(image.imageID)"),
            "digest": .string("\(image.manifest.descriptor.digest)"),
            "platform": .string("\(image.platform)"),
            "layers": .array(
                image.layers.map { layer in
                    .object([
                        "diffID": .string("\(layer.diffID)"),
                        "digest": .string("\(layer.blob.digest)"),
                        "size": .int(Int64(clamping: layer.blob.size)),
                        "way": .string(layer.way.rawValue),
                        "storePaths": .array(layer.storePaths.map { .string($0.path) }),
                    ])
                }),
        ])
    }
}
