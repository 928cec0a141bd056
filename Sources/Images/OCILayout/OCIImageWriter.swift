import ByteIO
import Compression
import JSON
import OCI

/// Puts images in a layout: layers, configs, manifests, and the index of all.
///
/// Source: OCI Image Format Specification 1.0, "Image Layout", "Image Manifest".
struct OCIImageWriter {
    private let store: any OCIBlobStore
    private let compressor: Compressor
    private let progress: any Progress
    /// The layers that the layout has already, by their plain digests.
    private var layers: [Digest: OCIBlob] = [:]
    /// The configs and manifests that it has.
    private var records: [Digest: OCIBlob] = [:]

    init(_ store: any OCIBlobStore, compressor: Compressor, progress: any Progress) {
        self.store = store
        self.compressor = compressor
        self.progress = progress
    }

    /// An image, and where its parts lie in the layout.
    struct Placed {
        let image: ImageSummary
        let config: OCIBlob
        let layers: [OCIBlob]
    }

    mutating func write(_ images: [any Image]) throws -> [Placed] {
        var placed: [Placed] = []
        var manifests: [JSONValue] = []
        for image in images {
            let parts = try write(image, isFirst: placed.isEmpty)
            let manifest = try add(Array(manifest(of: parts).canonical.utf8))
            // A name for each, as readers look for one: an image of two names is listed twice.
            let names = parts.image.names.isEmpty ? [nil] : parts.image.names.map { Optional($0) }
            manifests += names.map { manifest.descriptor(MediaType.manifest, annotations: Self.annotations($0)) }
            placed.append(parts)
        }
        try store.add(file: "oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
        let index: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(MediaType.index), "manifests": .array(manifests),
        ]
        try store.add(file: "index.json", Array(index.canonical.utf8))
        return placed
    }

    private mutating func write(_ image: any Image, isFirst: Bool) throws -> Placed {
        var (written, blobs): ([ImageSummary.Layer], [OCIBlob]) = ([], [])
        let count = image.layers.count
        for layer in image.layers { layer.expect() }
        for layer in image.layers {
            let open = try layer.open()
            progress.layer(written.count + 1, of: count, title: layer.title, size: open.size)
            let (diffID, blob) = try write(layer, open, mayRepeat: !isFirst || layer.storePaths.isEmpty)
            written.append(ImageSummary.Layer(diffID: diffID, size: open.size, storePaths: layer.storePaths))
            blobs.append(blob)
        }
        let bytes = try image.config(diffIDs: written.map(\.diffID))
        let config = try add(bytes)
        let imageID = config.digest
        let result = ImageSummary(names: image.names(imageID: imageID), imageID: imageID, layers: written)
        return Placed(image: result, config: config, layers: blobs)
    }

    /// Puts a config or a manifest, unless the layout has it.
    private mutating func add(_ record: [UInt8]) throws -> OCIBlob {
        let digest = try SHA256.digest(of: record)
        if let known = records[digest] { return known }
        let blob = try store.add(record)
        records[digest] = blob
        return blob
    }

    /// - Parameter mayRepeat: whether the layout may have the layer already, which must be known before it is written: of one
    ///   image only layers without store paths come twice.
    private mutating func write(
        _ layer: any Layer, _ open: any OpenLayer, mayRepeat: Bool
    ) throws -> (Digest, OCIBlob) {
        if let known = try mayRepeat ? open.diffID() : open.knownDiffID, let blob = layers[known] {
            return (known, blob)
        }
        var diffID: Digest?
        let blob = try store.add(about: open.size) { sink in
            diffID = try LayerBlob(layer, open, compressor: compressor).write(to: sink, progress)
        }
        let digest = try diffID ?? open.diffID()
        layers[digest] = blob
        return (digest, blob)
    }

    private func manifest(of image: Placed) -> JSONValue {
        let layerType = MediaType.layer(compressor)
        return [
            "schemaVersion": 2,
            "mediaType": .string(MediaType.manifest),
            "config": image.config.descriptor(MediaType.config),
            "layers": .array(image.layers.map { $0.descriptor(layerType) }),
        ]
    }

    /// The tag is what skopeo, umoci and podman look for; the whole name is what containerd does.
    private static func annotations(_ name: ImageName?) -> [String: String] {
        guard let name, let tag = name.tag else { return [:] }
        var annotations = ["org.opencontainers.image.ref.name": tag]
        if name.name != nil { annotations["io.containerd.image.name"] = "\(name)" }
        return annotations
    }
}

/// A layer as a blob of an image: compressed, or plain, or as it lies in an archive.
package struct LayerBlob {
    private let layer: any Layer
    private let open: any OpenLayer
    private let compressor: Compressor
    private let threads: Int

    /// - Parameters:
    ///   - open: the layer, opened.
    ///   - threads: how many compress it.
    package init(_ layer: any Layer, _ open: any OpenLayer, compressor: Compressor, threads: Int = workerCount) {
        self.layer = layer
        self.open = open
        self.compressor = compressor
        self.threads = threads
    }

    /// Writes the blob.
    ///
    /// - Returns: the digest of the plain layer.
    /// - Throws: `ToolError` with code `data` for a layer that has another digest than its image says; what the sink throws.
    package func write(to sink: BlobSink, _ progress: any Progress) throws -> Digest {
        if let known = open.knownDiffID, let file = try layer.archived?.file(compressedBy: compressor) {
            // It lies there as it is to be: verified when it was opened.
            try file.copy(to: ProgressSink(to: sink, progress))
            return known
        }
        let compressing = CompressingSink(compressor, to: sink, threads: threads)
        let target: any ByteSink = ProgressSink(to: compressing ?? sink, progress)
        let diffID: Digest
        if let known = open.knownDiffID {
            try open.write(to: target)
            diffID = known
        } else {
            let hash = try HashSink(to: target)
            try open.write(to: hash)
            diffID = try hash.finish()
            open.remember(diffID)
        }
        try compressing?.finish()
        return diffID
    }
}
