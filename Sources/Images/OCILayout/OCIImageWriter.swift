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
    private var layers: [Digest: Descriptor] = [:]
    /// The configs and manifests that it has.
    private var documents: Set<Digest> = []

    init(_ store: any OCIBlobStore, compressor: Compressor, progress: any Progress) {
        self.store = store
        self.compressor = compressor
        self.progress = progress
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
        for layer in image.layers { layer.prefetch() }
        for layer in image.layers {
            let open = try layer.open()
            progress.layer(written.count + 1, of: count, title: layer.title, size: open.size)
            let (diffID, blob) = try write(layer, open, mayRepeat: !isFirst || layer.storePaths.isEmpty)
            written.append(ImageSummary.Layer(diffID: diffID, size: open.size, storePaths: layer.storePaths))
            blobs.append(blob)
        }
        let config = try add(image.config.with(diffIDs: written.map(\.diffID)).blob())
        let imageID = config.digest
        let summary = ImageSummary(names: image.names(imageID: imageID), imageID: imageID, layers: written)
        return Written(
            image: summary, manifest: Manifest(config: config, layers: blobs, annotations: image.annotations))
    }

    /// Adds a config or a manifest, unless the layout has it.
    private mutating func add(_ document: Blob) throws -> Descriptor {
        let descriptor = document.descriptor
        guard documents.insert(descriptor.digest).inserted else { return descriptor }
        return try store.add(descriptor.mediaType, about: descriptor.size) { try $0.write(document.bytes) }
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
