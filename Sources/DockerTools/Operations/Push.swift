public import Compression
import Errors
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
            let result = PushResult(
                reference, [try push.push(image, compressor: compressor, isPart: false)], index: nil)
            context.reporter.note(result.summary)
            return result
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
    ///   - annotations: annotations of the manifests and the index, in addition to those of specs.
    ///   - cacheImages: names of images in registries whose layers are used where they fit, besides the image that is
    ///     replaced.
    ///   - usesRemoteCache: whether layers of images in registries are used without reading their files; false: each layer
    ///     is hashed unless this machine's cache knows it.
    /// - Throws: `ToolError`: `usage` for a malformed name, `unavailable` if the registry refuses the images. An existing tag
    ///   is unchanged then.
    @discardableResult
    public func push(
        _ sources: [ImageSource], to name: String, asIndex isIndex: Bool = false, compressor: Compressor? = nil,
        tags: [String] = [], mediaTypes: MediaTypes = .oci, annotations: [String: String] = [:],
        cacheFrom cacheImages: [String] = [], usesRemoteCache: Bool = true
    ) async throws -> PushResult {
        try await run {
            let names = try tags.map { try RegistryReference(name).tagged($0) }
            let sources = try sources.map { ($0, try OpenedSource.open($0, context, overriding: ["config"])) }
            let (push, reference) = try registryPush(
                to: name, tags: names, mediaTypes, annotations, cacheFrom: cacheImages, usesRemoteCache: usesRemoteCache
            )
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
            context.reporter.note(result.summary)
            return result
        }
    }

    private func registryPush(
        to name: String, tags: [RegistryReference] = [], _ mediaTypes: MediaTypes = .oci,
        _ annotations: [String: String] = [:], cacheFrom cacheImages: [String] = [], usesRemoteCache: Bool = true
    ) throws -> (RegistryPush, RegistryReference) {
        let reference = try RegistryReference(name)
        guard mediaTypes == .oci || annotations.isEmpty else {
            throw ToolError(
                .usage, "cannot push to \(reference)", cause: "Docker's manifests have no annotations",
                remedy: "leave the annotations out, or use OCI's media types")
        }
        let task = "cannot push to \(reference)"
        let client = try context.registryClient(for: reference, task: task)
        let others = try cacheImages.map { name in
            let other = try RegistryReference(name)
            return RemoteCache.Source(
                other, try context.registryClient(for: other, task: "cannot read the layers of \(other)"))
        }
        let cache = RemoteCache(.init(reference, client), tags: tags, others: others) { [reporter = context.reporter] in
            reporter.warn($0)
        }
        let push = RegistryPush(
            to: reference, client, memory: context.digestCache, mediaTypes: mediaTypes, annotations: annotations,
            cache: usesRemoteCache ? cache : nil, spool: context.spool, progress: context.reporter)
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

    /// What was sent and spared, and by which images in registries layers were found, on one line.
    var summary: String {
        let layers = images.flatMap(\.layers)
        let used = layers.compactMap(\.image).map { "\($0)" }
        let names = Set(used).sorted().map { name in
            "\(used.count { $0 == name }) of \(layers.count) layers in \(name)"
        }
        return "sent \(ByteCount(sent)), spared \(ByteCount(spared))"
            + (names.isEmpty ? "" : "; found \(names.joined(separator: ", "))")
    }

    private var sent: UInt64 { images.reduce(0) { $0 + $1.uploadedBytes } }
    private var spared: UInt64 { images.reduce(0) { $0 + $1.existingBytes } }

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
            "sent": .int(Int64(clamping: sent)),
            "spared": .int(Int64(clamping: spared)),
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
                        "foundBy": layer.image.map { .string("\($0)") } ?? .null,
                    ])
                }),
        ])
    }
}
