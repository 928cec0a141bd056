import ByteIO
import Compression
import Errors
import Images
import JSON
import OCI
import Synchronization

/// Pushes images to a repository: only what it has not got, a few layers at a time, each made while it is sent.
package struct RegistryPush: Sendable {
    private let reference: RegistryReference
    private let client: RegistryClient
    private let memory: DigestCache?
    private let progress: any PushProgress

    /// The number of parallel checks for existing blobs.
    private static let checkWidth = 8
    /// The number of parallel uploads. Each is compressed on a thread of its own, faster than most connections, and uses
    /// some megabytes of buffers.
    private static let uploadWidth = 2

    /// - Parameter memory: the compressed blobs of known layers, and the repositories that have them.
    package init(
        to reference: RegistryReference, _ client: RegistryClient, memory: DigestCache?, progress: any PushProgress
    ) {
        self.reference = reference
        self.client = client
        self.memory = memory
        self.progress = progress
    }

    /// Pushes an image.
    ///
    /// - Parameters:
    ///   - compressor: of the layers; nil: compressed ones stay as they are, plain ones become gz.
    ///   - isPart: whether it is to be part of an index: it is put by its digest then, and not by the tag.
    /// - Throws: `ToolError`: `unavailable` where the registry does not take it; what the image's layers throw.
    package func push(_ image: any Image, compressor: Compressor?, isPart: Bool) throws -> PushedImage {
        let layers = try push(image.layers, compressor)
        let bytes = try image.config(diffIDs: layers.map(\.diffID))
        let config = OCIBlob(digest: try SHA256.digest(of: bytes), size: UInt64(bytes.count))
        let hasConfig = try client.hasBlob(reference.repository, config.digest)
        if !hasConfig { try client.upload(bytes, to: reference.repository) }
        let manifest = try RegistryManifest(
            [
                "schemaVersion": 2, "mediaType": .string(MediaType.manifest),
                "config": config.descriptor(MediaType.config),
                "layers": .array(layers.map { $0.blob.descriptor($0.mediaType) }),
            ], MediaType.manifest)
        try put(manifest, isPart: isPart)
        let value = try JSONValue(parsing: bytes, source: "the config", limit: ImageLimits.json)
        let sizes = Dictionary(layers.map { ($0.blob, $0.status) }) { first, _ in first }
        func total(_ isSent: Bool) -> UInt64 {
            sizes.reduce(hasConfig == isSent ? 0 : config.size) {
                $0 + (($1.value == .uploaded) == isSent ? $1.key.size : 0)
            }
        }
        return PushedImage(
            imageID: config.digest, manifest: manifest,
            platform: Platform(
                os: value["os"]?.string ?? "linux", architecture: value["architecture"]?.string ?? "unknown",
                variant: value["variant"]?.string), layers: layers, uploadedBytes: total(true),
            existingBytes: total(false))
    }

    /// Pushes an index of images that were pushed as its parts.
    ///
    /// - Throws: `ToolError` with code `data` for two images of one platform.
    package func push(indexOf images: [PushedImage]) throws -> RegistryManifest {
        var platforms: Set<Platform> = []
        for image in images where !platforms.insert(image.platform).inserted {
            throw ToolError(
                .data, client.task, cause: "two of the images are for \(image.platform)",
                remedy: "give one image for each platform")
        }
        let index = try RegistryManifest(
            [
                "schemaVersion": 2, "mediaType": .string(MediaType.index),
                "manifests": .array(images.map(\.indexEntry)),
            ], MediaType.index)
        try put(index, isPart: false)
        return index
    }

    private func put(_ manifest: RegistryManifest, isPart: Bool) throws {
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
        var blob: OCIBlob?
        var mediaType: String
        /// How the layer got into the repository; nil if it must be uploaded.
        var status: PushedLayer.Status?
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
        if let archived = layer.archived, let kept = keptAsItIs(archived, compressor) {
            planned = kept
        } else {
            let compressor = compressor ?? .gz
            let diffID = try layer.archived?.diffID ?? layer.open().knownDiffID
            planned = Planned(
                layer: layer, compressor: compressor, diffID: diffID,
                blob: diffID.flatMap { memory?.blob(of: $0, compressor) }, mediaType: MediaType.layer(compressor))
        }
        guard let blob = planned.blob else { return planned }
        if try client.hasBlob(reference.repository, blob.digest) {
            planned.status = .exists
        } else if let other = memory?.repository(of: blob.digest, in: client.registry),
            other != reference.repository, client.mount(blob.digest, from: other, to: reference.repository)
        {
            planned.status = .mounted
        }
        return planned
    }

    /// A layer that a manifest names as a compressed blob, and that may stay one.
    private func keptAsItIs(_ layer: ArchivedLayer, _ compressor: Compressor?) -> Planned? {
        guard let digest = layer.digest, let form = layer.mediaType.flatMap(MediaType.compressor), form != .none,
            compressor == nil || compressor == form
        else { return nil }
        return Planned(
            layer: layer, compressor: form, diffID: layer.diffID, blob: OCIBlob(digest: digest, size: layer.size),
            mediaType: MediaType.layer(form))
    }

    private func send(_ planned: Planned) throws -> PushedLayer {
        let layer = planned.layer
        if let status = planned.status, let blob = planned.blob, let diffID = planned.diffID {
            return pushed(layer, diffID, blob, planned.mediaType, status)
        }
        let open = try layer.open()
        let (blob, diffID) = try client.upload(to: reference.repository) { [progress] sink in
            try LayerBlob(layer, open, compressor: planned.compressor, threads: 1).write(to: sink, progress)
        }
        memory?.keep(blob, of: diffID, planned.compressor)
        return pushed(layer, diffID, blob, planned.mediaType, .uploaded)
    }

    private func pushed(
        _ layer: any Layer, _ diffID: Digest, _ blob: OCIBlob, _ mediaType: String, _ status: PushedLayer.Status
    ) -> PushedLayer {
        memory?.keep(repository: reference.repository, of: blob.digest, in: client.registry)
        return PushedLayer(
            diffID: diffID, blob: blob, mediaType: mediaType, status: status, storePaths: layer.storePaths)
    }
}
