package import ByteIO
package import Compression
import Errors
package import Images
package import OCI

/// Pushes images to a repository. Only missing blobs are uploaded.
package struct RegistryPush: Sendable {
    private let reference: RegistryReference
    private let client: RegistryClient
    private let memory: DigestCache?
    private let mediaTypes: MediaTypes
    private let annotations: [String: String]
    private let cache: RemoteCache?
    private let spool: SpoolDirectory
    private let progress: any PushProgress

    /// - Parameters:
    ///   - memory: the compressed blobs of known layers, and the repositories that have them.
    ///   - mediaTypes: the media types of manifests.
    ///   - annotations: the annotations of all manifests, and of the index.
    ///   - cache: the images whose layers may be used; nil: none.
    ///   - spool: where compressed layers are kept until it is known whether the registry has them.
    package init(
        to reference: RegistryReference, _ client: RegistryClient, memory: DigestCache?, mediaTypes: MediaTypes,
        annotations: [String: String] = [:], cache: RemoteCache?, spool: SpoolDirectory, progress: any PushProgress
    ) {
        self.reference = reference
        self.client = client
        self.memory = memory
        self.mediaTypes = mediaTypes
        self.annotations = annotations
        self.cache = cache
        self.spool = spool
        self.progress = progress
    }

    /// Pushes an image.
    ///
    /// - Parameters:
    ///   - image: the image.
    ///   - compressor: the compressor of the layers; nil to keep compressed layers and to compress others by gzip.
    ///   - isPart: whether the image becomes part of an index, and is pushed by its digest instead of the tag.
    /// - Throws: `ToolError` with code `unavailable` if the registry rejects the image; the errors of the layers.
    package func push(_ image: any Image, compressor: Compressor?, isPart: Bool) throws -> PushedImage {
        let known = try cache?.layers(for: image.config.platform) ?? .none
        let isEmpty =
            cache?.isEmptyRepository == true
            && memory?.hasUploads(to: reference.repository, in: client.registry) != true
        let layers = try LayerPush(
            to: reference, client, memory: memory, progress: progress, known: known, isEmptyRepository: isEmpty,
            spool: spool, compressor: compressor
        ).push(image.layers)
        let document = try image.config.with(diffIDs: layers.map(\.diffID)).blob()
        var config = document.descriptor
        config.mediaType = mediaTypes.config
        let hasConfig =
            try known.hasConfig(config.digest, in: reference.name)
            || !isEmpty && client.hasBlob(reference.repository, config.digest)
        if !hasConfig { try client.upload(document.bytes, to: reference.repository) }
        let manifest = try Manifest(
            config: config, layers: layers.map { try descriptor(of: $0) }, mediaType: mediaTypes.manifest,
            annotations: annotations(of: image.annotations)
        ).blob()
        try put(manifest, isPart: isPart)
        cache?.noteUpload()
        let sizes = Dictionary(layers.map { ($0.blob, $0.status) }) { first, _ in first }
        func total(_ isSent: Bool) -> UInt64 {
            sizes.reduce(hasConfig == isSent ? 0 : config.size) {
                $0 + (($1.value == .uploaded) == isSent ? $1.key.size : 0)
            }
        }
        return PushedImage(
            imageID: config.digest, manifest: manifest, platform: image.config.platform, layers: layers,
            annotations: image.annotations, uploadedBytes: total(true), existingBytes: total(false))
    }

    /// Pushes an index of images that were pushed as parts of it, with the annotations that all of them have.
    ///
    /// - Throws: `ToolError` with code `data` for two images of one platform.
    package func push(indexOf images: [PushedImage]) throws -> Blob {
        var platforms: Set<Platform> = []
        for image in images where !platforms.insert(image.platform).inserted {
            throw ToolError(
                .data, client.task, cause: "two of the images are for \(image.platform)",
                remedy: "give one image for each platform")
        }
        let common = images.first?.annotations.filter { key, value in images.allSatisfy { $0.annotations[key] == value }
        }
        let index = try Index(
            manifests: images.map(\.indexEntry), mediaType: mediaTypes.index,
            annotations: annotations(of: common ?? [:])
        ).blob()
        try put(index, isPart: false)
        return index
    }

    /// Gives a manifest or an index a further tag.
    ///
    /// - Throws: `ToolError` with code `unavailable` if the registry rejects it.
    package func tag(_ manifest: Blob, _ tag: String) throws {
        try client.put(manifest, to: reference.repository, tag)
    }

    /// The annotations of a manifest or an index. Docker's documents have none.
    private func annotations(of own: [String: String]) -> [String: String] {
        mediaTypes == .oci ? own.merging(annotations) { $1 } : [:]
    }

    /// The descriptor of a layer in the manifest, with the layer's key. Docker's descriptors have no annotations.
    private func descriptor(of layer: PushedLayer) throws -> Descriptor {
        var blob = layer.blob
        let compressor = MediaType.compressor(blob.mediaType)
        guard let mediaType = compressor.flatMap(mediaTypes.layer) else {
            throw ToolError(
                .usage, client.task,
                cause:
                    "Docker's media types have none for layers with the compression \(compressor?.rawValue ?? "none")",
                remedy: "use the compressor gz, or OCI's media types")
        }
        blob.mediaType = mediaType
        if mediaTypes == .oci, let key = layer.key { blob.annotations[LayerKey.annotation] = "\(key.digest)" }
        return blob
    }

    private func put(_ manifest: Blob, isPart: Bool) throws {
        let digest = manifest.descriptor.digest
        if !isPart, let wanted = reference.digest, wanted != digest {
            throw ToolError(
                .data, client.task, cause: "the manifest has the digest \(digest), and not the one of the name",
                remedy: "push to a tag, or leave the digest out")
        }
        try client.put(manifest, to: reference.repository, isPart ? "\(digest)" : reference.manifest)
    }
}
