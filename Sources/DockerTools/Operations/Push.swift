public import Compression
import Images
package import JSON
public import OCI
import Registry
import Store

extension DockerTools {
    /// Pushes an image that was built to a registry. Layers that the registry has are not uploaded.
    ///
    /// - Parameters:
    ///   - name: the name in the registry: `registry.example/team/app:1`.
    ///   - compressor: the compression of the layers; nil: compressed layers stay as they are, others are compressed as the
    ///     spec says.
    /// - Throws: `ToolError`: `usage` for a malformed name, `unavailable` if the registry refuses the image. An existing tag is
    ///   unchanged then.
    @discardableResult
    public func push(_ image: BuiltImage, to name: String, compressor: Compressor? = nil) async throws -> PushResult {
        try await run {
            let (push, reference) = try registryPush(to: name)
            let compressor = compressor ?? image.spec.compressor ?? .gz
            return PushResult(reference, [try push.push(image, compressor: compressor, isPart: false)], index: nil)
        }
    }

    /// Reads an image, or builds the image of a spec, and pushes it to a registry. Layers that the registry has are not
    /// uploaded.
    ///
    /// - Parameters:
    ///   - name: the name in the registry: `registry.example/team/app:1`.
    ///   - compressor: the compression of the layers; nil: compressed layers stay as they are, others are compressed as the
    ///     spec says.
    /// - Throws: `ToolError`: `usage` for a malformed name, `unavailable` if the registry refuses the image. An existing tag is
    ///   unchanged then.
    @discardableResult
    public func push(_ source: ImageSource, to name: String, compressor: Compressor? = nil) async throws -> PushResult {
        try await push([source], to: name, compressor: compressor)
    }

    /// Pushes images to a registry: one image by its tag, or an index of several images, one for each platform.
    ///
    /// - Parameters:
    ///   - sources: the images, or the specs that they are built from; one, unless an index is created.
    ///   - name: the name in the registry: `registry.example/team/app:1`.
    ///   - isIndex: whether an index of the images is created.
    ///   - compressor: the compression of the layers; nil: compressed layers stay as they are, others are compressed as their
    ///     spec says.
    ///   - tags: further tags for the image or the index.
    ///   - mediaTypes: the media types of the manifests.
    /// - Throws: `ToolError`: `usage` for a malformed name, `unavailable` if the registry refuses the images. An existing tag
    ///   is unchanged then.
    @discardableResult
    public func push(
        _ sources: [ImageSource], to name: String, asIndex isIndex: Bool = false, compressor: Compressor? = nil,
        tags: [String] = [], mediaTypes: MediaTypes = .oci
    ) async throws -> PushResult {
        try await run {
            let names = try tags.map { try RegistryReference(name).tagged($0) }
            let sources = try sources.map { ($0, try OpenedSource.open($0, context, overriding: ["config"])) }
            let (push, reference) = try registryPush(to: name, mediaTypes)
            var pushed: [PushedImage] = []
            for (source, opened) in sources {
                let image = try await opened.image()
                rememberRepository(of: image, source, in: reference.registry)
                let compressor = compressor ?? opened.spec.map { $0.compressor ?? .gz }
                pushed.append(try push.push(image, compressor: compressor, isPart: isIndex))
            }
            let result = PushResult(
                reference, pushed, index: isIndex ? try push.push(indexOf: pushed) : nil, further: names)
            for tag in names.compactMap(\.tag) { try result.root.map { try push.tag($0, tag) } }
            return result
        }
    }

    private func registryPush(
        to name: String, _ mediaTypes: MediaTypes = .oci
    ) throws -> (RegistryPush, RegistryReference) {
        let reference = try RegistryReference(name)
        let client = try context.registryClient(for: reference, task: "cannot push to \(reference)")
        let push = RegistryPush(
            to: reference, client, memory: context.digestCache, mediaTypes: mediaTypes, progress: context.reporter)
        return (push, reference)
    }

    /// Remembers that the registry has the layers of an image in another repository, if the image comes from this registry.
    private func rememberRepository(of image: any Image, _ source: ImageSource, in registry: String) {
        if case .overridden(let source, _) = source { return rememberRepository(of: image, source, in: registry) }
        guard case .registry(let name) = source, let other = try? RegistryReference(name), other.registry == registry
        else { return }
        for digest in image.layers.compactMap({ $0.descriptor?.digest }) {
            context.digestCache?.keep(repository: other.repository, of: digest, in: registry)
        }
    }
}

/// The result of a push.
public struct PushResult: Sendable {
    private let reference: RegistryReference
    private let images: [PushedImage]
    private let index: Blob?
    /// The same repository with the further tags.
    private let further: [RegistryReference]

    init(
        _ reference: RegistryReference, _ images: [PushedImage], index: Blob?, further: [RegistryReference] = []
    ) {
        self.reference = reference
        self.images = images
        self.index = index
        self.further = further
    }

    /// The manifest or the index that the names refer to.
    var root: Blob? { index ?? images.first?.manifest }

    /// The digest that the names refer to now: of the manifest, or of the index.
    public var digest: Digest? { root?.descriptor.digest }

    /// The names with their digest, one in each line: `registry.example/team/app:1@sha256:…`.
    public var text: String { references.joined(separator: "\n") }

    private var references: [String] {
        ([reference] + further).map { "\($0.with(tag: $0.tag, digest: digest))" }
    }

    /// The object `{name, tag, tags, digest, reference, sent, spared, images: [{imageID, digest, platform, layers}]}`.
    package var json: JSONValue {
        .object([
            "tags": .array(([reference] + further).compactMap(\.tag).map { .string($0) }),
            "name": .string(reference.name),
            "tag": reference.tag.map { .string($0) } ?? .null,
            "digest": digest.map { .string("\($0)") } ?? .null,
            "reference": .string(references[0]),
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
