import ByteIO
import Compression
import Images
import JSON
import OCI
import Registry

/// Pushes images to a registry: an image by its tag, or an index of several, one for each platform.
package struct Push: Sendable {
    private let arguments: [ImageArgument]
    private let reference: RegistryReference
    private let isIndex: Bool
    private let compressor: Compressor?
    private let context: Context
    private let reporter: any Reporter

    /// - Parameters:
    ///   - arguments: the images, or the specs that they are made from; one, unless an index is wanted.
    ///   - name: where they go: `registry.example/team/app:1`.
    ///   - isIndex: whether an index is made of them.
    ///   - compressor: of the layers; nil: compressed ones stay as they are, others are compressed as their spec says.
    /// - Throws: `ToolError` with code `usage` for a malformed name.
    package init(
        _ arguments: [ImageArgument], to name: String, isIndex: Bool, compressor: Compressor?,
        context: Context, reporter: any Reporter
    ) throws {
        self.arguments = arguments
        reference = try RegistryReference(name)
        self.isIndex = isIndex
        self.compressor = compressor
        self.context = context
        self.reporter = reporter
    }

    /// - Throws: `ToolError`: with code `unavailable` if the registry does not take the images. A tag that is there stays as
    ///   it is then.
    package func run() async throws -> PushResult {
        defer { reporter.finish() }
        let origins = try arguments.map { try ImageOrigin($0, context, reporter) }
        let client = try await context.registryClient(for: reference, task: "cannot push to \(reference)")
        let push = RegistryPush(to: reference, client, memory: context.digestCache, progress: reporter)
        var pushed: [PushedImage] = []
        for origin in origins {
            let image = try await origin.image(context, reporter)
            noteRepository(of: image, origin)
            pushed.append(try push.push(image, compressor: compressor ?? origin.compressor, isPart: isIndex))
        }
        return PushResult(reference, pushed, index: isIndex ? try push.push(indexOf: pushed) : nil)
    }

    /// Where an image comes from the same registry its layers are there already, in another repository.
    private func noteRepository(of image: any Image, _ origin: ImageOrigin) {
        guard case .place(let location) = origin, case .registry(let source) = location.place,
            source.registry == reference.registry
        else { return }
        for digest in image.layers.compactMap({ $0.archived?.digest }) {
            context.digestCache?.keep(repository: source.repository, of: digest, in: source.registry)
        }
    }
}

extension ImageOrigin {
    /// What the layers are compressed with where nothing else is said; nil where they lie compressed already.
    fileprivate var compressor: Compressor? {
        guard case .spec(let loaded) = self else { return nil }
        return loaded.spec.compressor
    }
}

/// What is known of images that were pushed.
package struct PushResult: Sendable {
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
    package var text: String { "\(reference.with(tag: reference.tag, digest: digest))" }

    /// Writes the digest to a file and nothing else, as podman and skopeo do.
    ///
    /// - Throws: `ToolError` with code `io`.
    package func writeDigest(to path: String) throws {
        if let digest { try OutputFile.write("\(digest)", to: path) }
    }

    /// `{name, tag, digest, reference, sent, spared, images: [{imageID, digest, platform, layers}]}`
    package var json: JSONValue {
        .object([
            "name": .string(reference.name),
            "tag": reference.tag.map { .string($0) } ?? .null,
            "digest": digest.map { .string("\($0)") } ?? .null,
            "reference": .string(text),
            "sent": .int(Int64(clamping: images.reduce(0) { $0 + $1.uploadedBytes })),
            "spared": .int(Int64(clamping: images.reduce(0) { $0 + $1.existingBytes })),
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
                        "status": .string(layer.status.rawValue),
                        "storePaths": .array(layer.storePaths.map { .string($0.path) }),
                    ])
                }),
        ])
    }
}
