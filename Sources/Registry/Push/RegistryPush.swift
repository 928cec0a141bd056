import ByteIO
package import Compression
import Errors
package import Images
package import OCI
import Synchronization

/// Pushes images to a repository. Only missing blobs are uploaded, several at a time; layers are compressed meanwhile.
package struct RegistryPush: Sendable {
    private let reference: RegistryReference
    private let client: RegistryClient
    private let memory: DigestCache?
    private let mediaTypes: MediaTypes
    private let progress: any PushProgress

    /// The number of parallel checks for existing blobs.
    private static let checkWidth = 8
    /// The number of parallel uploads. Each is compressed on a thread of its own, faster than most connections, and uses
    /// some megabytes of buffers.
    private static let uploadWidth = 2

    /// - Parameters:
    ///   - memory: the compressed blobs of known layers, and the repositories that have them.
    ///   - mediaTypes: the media types of manifests.
    package init(
        to reference: RegistryReference, _ client: RegistryClient, memory: DigestCache?, mediaTypes: MediaTypes,
        progress: any PushProgress
    ) {
        self.reference = reference
        self.client = client
        self.memory = memory
        self.mediaTypes = mediaTypes
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
        let layers = try push(image.layers, compressor)
        let document = try image.config.with(diffIDs: layers.map(\.diffID)).blob()
        var config = document.descriptor
        config.mediaType = mediaTypes.config
        let hasConfig = try client.hasBlob(reference.repository, config.digest)
        if !hasConfig { try client.upload(document.bytes, to: reference.repository) }
        let manifest = try Manifest(
            config: config, layers: layers.map { try descriptor(of: $0.blob) }, mediaType: mediaTypes.manifest
        ).blob()
        try put(manifest, isPart: isPart)
        let sizes = Dictionary(layers.map { ($0.blob, $0.status) }) { first, _ in first }
        func total(_ isSent: Bool) -> UInt64 {
            sizes.reduce(hasConfig == isSent ? 0 : config.size) {
                $0 + (($1.value == .uploaded) == isSent ? $1.key.size : 0)
            }
        }
        return PushedImage(
            imageID: config.digest, manifest: manifest, platform: image.config.platform, layers: layers,
            uploadedBytes: total(true), existingBytes: total(false))
    }

    /// Pushes an index of images that were pushed as parts of it.
    ///
    /// - Throws: `ToolError` with code `data` for two images of one platform.
    package func push(indexOf images: [PushedImage]) throws -> Blob {
        var platforms: Set<Platform> = []
        for image in images where !platforms.insert(image.platform).inserted {
            throw ToolError(
                .data, client.task, cause: "two of the images are for \(image.platform)",
                remedy: "give one image for each platform")
        }
        let index = try Index(manifests: images.map(\.indexEntry), mediaType: mediaTypes.index).blob()
        try put(index, isPart: false)
        return index
    }

    /// Gives a manifest or an index a further tag.
    ///
    /// - Throws: `ToolError` with code `unavailable` if the registry rejects it.
    package func tag(_ manifest: Blob, _ tag: String) throws {
        try client.put(manifest, to: reference.repository, tag)
    }

    /// The descriptor of a layer in the manifest.
    private func descriptor(of blob: Descriptor) throws -> Descriptor {
        let compressor = MediaType.compressor(blob.mediaType)
        guard let mediaType = compressor.flatMap(mediaTypes.layer) else {
            throw ToolError(
                .usage, client.task,
                cause:
                    "Docker's media types have none for layers with the compression \(compressor?.rawValue ?? "none")",
                remedy: "use the compressor gz, or OCI's media types")
        }
        var blob = blob
        blob.mediaType = mediaType
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

    // MARK: Layers

    /// A layer, and its compressed blob if known.
    private struct Planned: Sendable {
        let layer: any Layer
        let compressor: Compressor
        var diffID: Digest?
        var blob: Descriptor?
        /// How the layer got into the repository; nil if it must be uploaded.
        var status: PushedLayer.Status?
        /// The upload that the registry opened for the layer, if it did.
        var upload: HTTPURL?
        /// The number of bytes to read for the upload, as far as it is known before the layer is opened.
        var size: UInt64 = 0
    }

    private func push(_ layers: [any Layer], _ compressor: Compressor?) throws -> [PushedLayer] {
        var planned: [Planned] = []
        try OrderedThreadPool<any Layer, Planned>.forEach(layers, width: Self.checkWidth) { layer in
            try plan(layer, compressor)
        } body: { plan in
            planned.append(plan)
        }
        let count = layers.count
        let number = Mutex(0)
        var pushed: [PushedLayer] = []
        // A layer that occurs twice is uploaded once, in its first place.
        var first: [Digest: Int] = [:]
        let jobs = planned.enumerated().map { index, plan -> Planned? in
            guard let diffID = plan.diffID, plan.status == nil else { return plan }
            if first[diffID] != nil { return nil }
            first[diffID] = index
            return plan
        }
        progress.pushing(count, size: jobs.reduce(0) { $0 + ($1.map { $0.status == nil ? $0.size : 0 } ?? 0) })
        try OrderedThreadPool<Planned?, PushedLayer?>.forEach(jobs, width: Self.uploadWidth) { plan in
            guard let layer = try plan.map(send) else { return nil }
            let done = number.withLock { number in
                number += 1
                return number
            }
            progress.pushed(layer, number: done, of: count)
            return layer
        } body: { layer in
            if let layer {
                pushed.append(layer)
            } else if let index = planned[pushed.count].diffID.flatMap({ first[$0] }) {
                pushed.append(pushed[index])
            }
        }
        return pushed
    }

    /// Determines a layer's blob, and whether the registry has it.
    private func plan(_ layer: any Layer, _ compressor: Compressor?) throws -> Planned {
        var planned: Planned
        if let stored = stored(layer, compressor) {
            planned = stored
        } else {
            let compressor = compressor ?? .gz
            let open = layer.diffID == nil ? try layer.open() : nil
            let diffID = layer.diffID ?? open?.knownDiffID
            planned = Planned(
                layer: layer, compressor: compressor, diffID: diffID,
                blob: diffID.flatMap { memory?.blob(of: $0, compressor) }, size: open?.size ?? layer.storedSize ?? 0)
        }
        guard let blob = planned.blob else { return planned }
        if try client.hasBlob(reference.repository, blob.digest) {
            planned.status = .exists
        } else if let other = memory?.repository(of: blob.digest, in: client.registry), other != reference.repository {
            switch client.mount(blob.digest, from: other, to: reference.repository) {
            case .mounted: planned.status = .mounted
            case .upload(let url): planned.upload = url
            }
        }
        return planned
    }

    /// The plan for a layer that is stored as a compressed blob and can be pushed as it is; nil for other layers.
    private func stored(_ layer: any Layer, _ compressor: Compressor?) -> Planned? {
        guard var blob = layer.descriptor, let stored = MediaType.compressor(blob.mediaType), stored != .none,
            compressor == nil || compressor == stored
        else { return nil }
        // Docker's media type becomes OCI's, as in all manifests that are written here.
        blob.mediaType = MediaType.layer(stored)
        return Planned(layer: layer, compressor: stored, diffID: layer.diffID, blob: blob, size: blob.size)
    }

    private func send(_ planned: Planned) throws -> PushedLayer {
        let layer = planned.layer
        if let status = planned.status, let blob = planned.blob, let diffID = planned.diffID {
            return pushed(layer, diffID, blob, status)
        }
        let open = try layer.open()
        let source = LayerBlob(layer, open, compressor: planned.compressor, threads: 1)
        progress.resize(by: Int64(clamping: try source.readSize) - Int64(clamping: planned.size))
        let mediaType = MediaType.layer(planned.compressor)
        let (blob, diffID) = try client.upload(
            to: reference.repository, mediaType, size: try source.knownSize, opened: planned.upload
        ) { [progress] sink in try source.write(to: sink, progress) }
        memory?.keep(blob, of: diffID, planned.compressor)
        return pushed(layer, diffID, blob, .uploaded)
    }

    private func pushed(
        _ layer: any Layer, _ diffID: Digest, _ blob: Descriptor, _ status: PushedLayer.Status
    ) -> PushedLayer {
        memory?.keep(repository: reference.repository, of: blob.digest, in: client.registry)
        return PushedLayer(
            diffID: diffID, blob: blob, status: status, storePaths: layer.storePaths)
    }
}
