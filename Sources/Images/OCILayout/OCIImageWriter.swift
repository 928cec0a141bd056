import ByteIO
import Compression
import OCI

/// Writes images to an OCI layout: layers, configs, manifests, and the index of all.
///
/// Source: OCI Image Format Specification 1.0, "Image Layout", "Image Manifest".
struct OCIImageWriter {
    private let store: any OCIBlobStore
    private let compressor: Compressor
    private let progress: any Progress
    /// The layers that the layout has already, by their diffIDs.
    private var layers: [Digest: Descriptor]
    /// The configs and manifests that it has.
    private var documents: Set<Digest> = []

    /// The layers that are left out, by their diffIDs.
    private let present: [Digest: Descriptor]
    /// Whether the index states the annotation of `ManifestRecord`.
    var statesManifest = false

    /// - Parameter present: the descriptors of layers that are left out, by their diffIDs.
    init(
        _ store: any OCIBlobStore, compressor: Compressor, progress: any Progress, present: [Digest: Descriptor] = [:]
    ) {
        self.store = store
        self.compressor = compressor
        self.progress = progress
        self.present = present
        layers = present
    }

    /// An image of the layout.
    struct Written {
        let image: ImageSummary
        let manifest: Manifest
    }

    /// Writes a whole layout of images.
    mutating func write(_ images: [any Image]) throws -> [Written] {
        var written: [Written] = []
        var index = Index(manifests: [])
        for image in images {
            let parts = try write(image, isFirst: written.isEmpty)
            let manifest = try add(parts.manifest.blob())
            // Readers search a name, so an image of two names is listed twice.
            let names = parts.image.names.isEmpty ? [nil] : parts.image.names.map { Optional($0) }
            for name in names {
                var entry = manifest
                entry.annotations = Self.annotations(name)
                if statesManifest {
                    entry.annotations[ManifestRecord.annotation] = ManifestRecord.text(of: parts.manifest)
                }
                index.manifests.append(entry)
            }
            written.append(parts)
        }
        try store.add(file: "oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
        try store.add(file: "index.json", index.blob().bytes)
        return written
    }

    private mutating func write(_ image: any Image, isFirst: Bool) throws -> Written {
        var (written, blobs): ([ImageSummary.Layer], [Descriptor]) = ([], [])
        let count = image.layers.count
        for layer in image.layers where leftOut(layer) == nil { layer.prefetch() }
        for layer in image.layers {
            if let (diffID, blob) = leftOut(layer) {
                written.append(ImageSummary.Layer(diffID: diffID, size: blob.size, storePaths: layer.storePaths))
                blobs.append(blob)
                continue
            }
            let open = try layer.open()
            progress.layer(written.count + 1, of: count, title: layer.title, size: open.size)
            let (diffID, blob) = try write(
                layer, open, mayRepeat: !isFirst || layer.storePaths.isEmpty || !present.isEmpty)
            written.append(ImageSummary.Layer(diffID: diffID, size: open.size, storePaths: layer.storePaths))
            blobs.append(blob)
        }
        let config = try add(image.config.with(diffIDs: written.map(\.diffID)).blob())
        let imageID = config.digest
        let summary = ImageSummary(names: image.names(imageID: imageID), imageID: imageID, layers: written)
        return Written(
            image: summary, manifest: Manifest(config: config, layers: blobs, annotations: image.annotations))
    }

    /// The digest and the blob of a layer that is left out without being opened.
    private func leftOut(_ layer: any Layer) -> (Digest, Descriptor)? {
        layer.diffID.flatMap { diffID in present[diffID].map { (diffID, $0) } }
    }

    /// Adds a config or a manifest, unless the layout has it.
    private mutating func add(_ document: Blob) throws -> Descriptor {
        let descriptor = document.descriptor
        guard documents.insert(descriptor.digest).inserted else { return descriptor }
        try store.add(descriptor) { try $0.write(document.bytes) }
        return descriptor
    }

    /// Adds a layer, unless the layout has it.
    ///
    /// - Parameter mayRepeat: whether the layout may have the layer already, which must be known before it is written.
    ///   In a single image only layers without store paths may be repeated.
    private mutating func write(
        _ layer: any Layer, _ open: any OpenLayer, mayRepeat: Bool
    ) throws -> (Digest, Descriptor) {
        if let known = try mayRepeat ? open.diffID() : open.knownDiffID, let blob = layers[known] {
            return (known, blob)
        }
        if compressor == .none, let known = open.knownDiffID {
            let blob = Descriptor(mediaType: MediaType.layer(.none), digest: known, size: open.size)
            try store.add(blob) { _ = try LayerBlob(layer, open, compressor: .none).write(to: $0, progress) }
            layers[known] = blob
            return (known, blob)
        }
        var diffID: Digest?
        let blob = try store.add(MediaType.layer(compressor), about: open.size) { sink in
            diffID = try LayerBlob(layer, open, compressor: compressor).write(to: sink, progress)
        }
        let digest = try diffID ?? open.diffID()
        layers[digest] = blob
        return (digest, blob)
    }

    /// The annotations of a name: skopeo, umoci and podman look for the tag, containerd and Docker for the whole name
    /// with its registry.
    private static func annotations(_ name: ImageName?) -> [String: String] {
        guard let name, let tag = name.tag else { return [:] }
        var annotations = ["org.opencontainers.image.ref.name": tag]
        if name.name != nil { annotations["io.containerd.image.name"] = "\(name.full)" }
        return annotations
    }
}
