import ByteIO
import Compression
import Dispatch
import Errors
import Images
import OCI
import Synchronization

/// Brings the layers of one image into a repository: finds those that the registry has, and uploads the others, several at
/// a time, while further layers are compressed by all processors.
struct LayerPush: Sendable {
    let reference: RegistryReference
    let client: RegistryClient
    let memory: DigestCache?
    let progress: any PushProgress
    /// The layers of images whose layers the push may use.
    let known: KnownLayers
    /// Whether the repository has no blob, so that asking for one is of no use.
    let isEmptyRepository: Bool
    /// Where compressed layers are kept until it is known whether the registry has them.
    let spool: SpoolDirectory
    /// The compressor of layers that are not stored compressed.
    let compressor: Compressor
    /// Whether layers that are stored with another compression get this one.
    let recompresses: Bool
    private let shared: SharedCompressor?
    /// Bounds the number of layers that are compressed at the same time.
    private let preparing = DispatchSemaphore(value: LayerPush.prepareWidth)

    /// Bounds the number of layers that are opened before the uploads: each has the names of all its files in memory.
    private let opening = DispatchSemaphore(value: workerCount)

    /// The number of parallel checks for existing blobs.
    private static let checkWidth = 8
    /// The number of layers that are read and compressed at the same time: while one of them waits for its files or for
    /// the registry, the processors compress the other one.
    private static let prepareWidth = 2
    /// The number of layers that are uploaded or prepared at the same time.
    private static let uploadWidth = 4
    /// The size in bytes of blobs whose upload costs about as much as asking for them: 256 KiB.
    private static let smallBlob: UInt64 = 256 << 10

    init(
        to reference: RegistryReference, _ client: RegistryClient, memory: DigestCache?, progress: any PushProgress,
        known: KnownLayers, isEmptyRepository: Bool, spool: SpoolDirectory, compressor: Compressor?
    ) {
        self.reference = reference
        self.client = client
        self.memory = memory
        self.progress = progress
        self.known = known
        self.isEmptyRepository = isEmptyRepository
        self.spool = spool
        self.compressor = compressor ?? .gz
        recompresses = compressor != nil
        shared = SharedCompressor(self.compressor, sinks: Self.prepareWidth)
    }

    /// A layer, and what is known of its compressed blob.
    private struct Planned: Sendable {
        let layer: any Layer
        var diffID: Digest?
        /// The blob in the registry.
        var blob: Descriptor?
        /// How the blob got into the repository; nil if it must be uploaded.
        var status: PushedLayer.Status?
        /// The image by which the digest or the blob was found.
        var image: RegistryReference?
        /// The blobs that the registry was asked for.
        var missing: Set<Digest> = []
        /// The upload that the registry opened for the layer, if it did.
        var upload: HTTPURL?
        /// The number of bytes to read for the upload, as far as it is known before the layer is opened.
        var size: UInt64 = 0
    }

    /// - Returns: the layers in their order, all of which are in the registry.
    /// - Throws: `ToolError` with code `unavailable` if the registry rejects a layer, `data` if a layer has another digest
    ///   than an image states for its key; the errors of the layers.
    func push(_ layers: [any Layer]) throws -> [PushedLayer] {
        var planned: [Planned] = []
        try OrderedThreadPool<any Layer, Planned>.forEach(
            layers, width: Self.checkWidth, ahead: 2 * Self.checkWidth, work: plan
        ) { planned.append($0) }
        // A layer that occurs twice is uploaded once, in its first place.
        var first: [Digest: Int] = [:]
        for (index, plan) in planned.enumerated() where plan.status == nil {
            if let diffID = plan.diffID, first[diffID] == nil { first[diffID] = index }
        }
        func original(_ index: Int) -> Int {
            planned[index].status != nil ? index : planned[index].diffID.flatMap { first[$0] } ?? index
        }
        // The largest layers begin first, so that nothing waits for them at the end.
        let jobs = planned.indices.filter { original($0) == $0 }.sorted {
            planned[$0].status == nil && planned[$1].status == nil && planned[$0].size > planned[$1].size
                || planned[$0].status != nil && planned[$1].status == nil
        }
        let unsent = jobs.filter { planned[$0].status == nil }
        if !unsent.isEmpty { memory?.keepUploads(to: reference.repository, in: client.registry) }
        progress.pushing(layers.count, size: unsent.reduce(0) { $0 + planned[$1].size })
        let pushed = try send(jobs.map { ($0, planned[$0]) }, of: layers.count)
        return planned.indices.compactMap { pushed[original($0)] }
    }

    /// Sends the layers that the registry lacks.
    ///
    /// - Returns: all layers by their number from 0.
    private func send(_ jobs: [(Int, Planned)], of count: Int) throws -> [Int: PushedLayer] {
        let number = Mutex(0)
        let failure = Mutex<(any Error)?>(nil)
        var pushed: [Int: PushedLayer] = [:]
        // All jobs are submitted at once: none waits until an earlier one is done.
        try OrderedThreadPool<(Int, Planned), (Int, PushedLayer)>.forEach(
            jobs, width: Self.uploadWidth, ahead: jobs.count
        ) { index, plan in
            // After an error nothing more is sent.
            if let error = failure.withLock({ $0 }) { throw error }
            do {
                let layer = try send(plan)
                let done = number.withLock { number in
                    number += 1
                    return number
                }
                progress.pushed(layer, number: done, of: count)
                return (index, layer)
            } catch {
                failure.withLock { $0 = $0 ?? error }
                throw error
            }
        } body: {
            pushed[$0] = $1
        }
        return pushed
    }

    // MARK: Before the upload

    /// Determines a layer's digest and blob, as far as that needs no compression, and whether the registry has it.
    private func plan(_ layer: any Layer) throws -> Planned {
        var planned = Planned(layer: layer, diffID: layer.diffID, size: layer.storedSize ?? 0)
        if let blob = stored(layer) {
            planned.size = blob.size
            try find([(blob, nil)], &planned)
            return planned
        }
        if planned.diffID == nil, let found = layer.key.flatMap({ known.diffID(of: $0) }) {
            (planned.diffID, planned.image) = (found.diffID, found.image)
        }
        if planned.diffID == nil {
            let slot = PreparationSlot(opening)
            defer { slot.release() }
            let open = try layer.open()
            planned.size = open.size
            planned.diffID = open.knownDiffID
            if planned.diffID == nil, mayKnowDigests { planned.diffID = try open.diffID() }
        }
        guard let diffID = planned.diffID else { return planned }
        let listed = known.blobs(of: diffID, MediaType.layer(compressor)).map { ($0.blob, Optional($0.image)) }
        let own = memory?.blob(of: diffID, compressor).map { ($0, RegistryReference?.none) }
        try find(listed + [own].compactMap { $0 }, &planned)
        return planned
    }

    /// Whether a layer's digest may lead to its blob, so that it is worth an additional reading of the layer.
    private var mayKnowDigests: Bool { !known.isEmpty || (memory != nil && !isEmptyRepository) }

    /// The blob of a layer that is stored compressed and can be pushed as it is; nil for other layers.
    private func stored(_ layer: any Layer) -> Descriptor? {
        guard let blob = layer.descriptor, let stored = MediaType.compressor(blob.mediaType), stored != .none,
            !recompresses || compressor == stored
        else { return nil }
        // Docker's media type becomes OCI's, as in all manifests that are written here.
        return Descriptor(mediaType: MediaType.layer(stored), digest: blob.digest, size: blob.size)
    }

    /// Finds the first of some blobs that the repository has, or that the registry can mount.
    ///
    /// - Parameter candidates: the blobs, with the image that lists each; nil for those that this machine made.
    private func find(_ candidates: [(Descriptor, RegistryReference?)], _ planned: inout Planned) throws {
        for (blob, image) in candidates where planned.missing.insert(blob.digest).inserted {
            if try !isEmptyRepository
                && client.hasBlob(reference.repository, blob.digest, size: image == nil ? nil : blob.size)
            {
                (planned.blob, planned.status) = (blob, .exists)
            } else if mount(blob, &planned) {
                (planned.blob, planned.status) = (blob, .mounted)
            } else {
                continue
            }
            planned.image = image ?? planned.image
            return
        }
    }

    /// Requests that the registry mounts a blob from another of its repositories.
    private func mount(_ blob: Descriptor, _ planned: inout Planned) -> Bool {
        var repositories = known.repositories(of: blob.digest, in: client.registry)
        if let other = memory?.repository(of: blob.digest, in: client.registry) { repositories.append(other) }
        var tried: Set<String> = [reference.repository]
        for repository in repositories where tried.insert(repository).inserted {
            switch client.mount(blob.digest, from: repository, to: reference.repository) {
            case .mounted: return true
            case .upload(let url): planned.upload = url ?? planned.upload
            }
        }
        return false
    }

    // MARK: Uploads

    private func send(_ planned: Planned) throws -> PushedLayer {
        if let blob = planned.blob, let status = planned.status, let diffID = planned.diffID {
            return pushed(planned, diffID, blob, status)
        }
        let slot = PreparationSlot(preparing)
        defer { slot.release() }
        let open = try planned.layer.open()
        let stored = stored(planned.layer).flatMap { MediaType.compressor($0.mediaType) } ?? compressor
        let source = LayerBlob(planned.layer, open, compressor: stored, sharing: stored == compressor ? shared : nil)
        progress.resize(by: Int64(clamping: try source.readSize) - Int64(clamping: planned.size))
        if try source.knownSize != nil {
            slot.release()
        } else if let (bytes, blob, diffID) = try hold(source, size: open.size) {
            slot.release()
            return try upload(bytes, blob, diffID, planned)
        }
        return try stream(source, stored, planned, slot)
    }

    /// Compresses a layer without sending it, if it may be in the registry, or is small.
    ///
    /// - Parameter size: the size of the uncompressed layer in bytes.
    /// - Returns: the bytes of the blob, the blob and the digest of the layer; nil for a layer that is sent while it is
    ///   compressed, or cannot be kept.
    private func hold(_ source: LayerBlob, size: UInt64) throws -> (HeldBlob.Bytes, Descriptor, Digest)? {
        let isSmall = size <= UInt64(HeldBlob.memoryLimit) / 2
        guard isSmall || !isEmptyRepository else { return nil }
        let file = isSmall ? nil : try? spool.makeFile("the compressed layer")
        guard isSmall || file != nil else { return nil }
        let held = HeldBlob(file)
        do {
            let sink = try BlobSink(to: held)
            let diffID = try source.write(to: sink, progress)
            let blob = try sink.descriptor(MediaType.layer(compressor))
            memory?.keep(blob, of: diffID, compressor)
            return (held.bytes, blob, diffID)
        } catch  where held.hasFailed {
            // There is no room for work files, so the layer is compressed anew while it is sent.
            return nil
        }
    }

    /// Uploads a compressed layer, unless the registry has it.
    private func upload(
        _ bytes: HeldBlob.Bytes, _ blob: Descriptor, _ diffID: Digest, _ planned: Planned
    ) throws -> PushedLayer {
        try check(diffID, of: planned)
        var planned = planned
        if !isEmptyRepository, blob.size > Self.smallBlob { try find([(blob, nil)], &planned) }
        if let status = planned.status { return pushed(planned, diffID, blob, status) }
        switch bytes {
        case .memory(let bytes): try client.upload(bytes, to: reference.repository, opened: planned.upload)
        case .file(let range):
            _ = try client.upload(
                to: reference.repository, blob.mediaType, size: range.size, opened: planned.upload
            ) { try range.copy(to: $0) }
        }
        return pushed(planned, diffID, blob, .uploaded)
    }

    /// Uploads a layer while it is compressed, or from the file that it is stored in.
    ///
    /// - Parameter slot: is given back once everything is compressed, before the registry has stored it.
    private func stream(
        _ source: LayerBlob, _ compressor: Compressor, _ planned: Planned, _ slot: PreparationSlot
    ) throws -> PushedLayer {
        let (blob, diffID) = try client.upload(
            to: reference.repository, MediaType.layer(compressor), size: try source.knownSize, opened: planned.upload
        ) { [progress] sink in
            defer { slot.release() }
            return try source.write(to: sink, progress)
        }
        memory?.keep(blob, of: diffID, compressor)
        try check(diffID, of: planned)
        return pushed(planned, diffID, blob, .uploaded)
    }

    /// Compares the digest of a layer with the one that an image states for its key.
    private func check(_ diffID: Digest, of planned: Planned) throws {
        guard let stated = planned.diffID, stated != diffID else { return }
        throw ToolError(
            .data, client.task,
            cause: "\(planned.layer.displayName) has the digest \(diffID)"
                + (planned.image.map { ", and the layer keys of \($0) state \(stated)" } ?? ", and not \(stated)"),
            remedy: "push without the layers of images in registries (\(.noRemoteCache))")
    }

    private func pushed(
        _ planned: Planned, _ diffID: Digest, _ blob: Descriptor, _ status: PushedLayer.Status
    ) -> PushedLayer {
        memory?.keep(repository: reference.repository, of: blob.digest, in: client.registry)
        return PushedLayer(
            diffID: diffID, blob: blob, status: status, storePaths: planned.layer.storePaths, key: planned.layer.key,
            image: status == .uploaded ? nil : planned.image)
    }
}

/// The permission to open or compress a layer, of which there are a few. It is given back once.
private final class PreparationSlot: Sendable {
    private let slots: DispatchSemaphore
    private let isHeld = Mutex(true)

    /// Waits until there is one.
    init(_ slots: DispatchSemaphore) {
        self.slots = slots
        slots.wait()
    }

    func release() {
        let wasHeld = isHeld.withLock { isHeld in
            defer { isHeld = false }
            return isHeld
        }
        if wasHeld { slots.signal() }
    }
}
