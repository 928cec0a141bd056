import Archives
import Digests
import Tar

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
        let image: WrittenImage
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
            manifests += names.map { manifest.descriptor(OCIMediaType.manifest, annotations: Self.annotations($0)) }
            placed.append(parts)
        }
        try store.add(file: "oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
        let index: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(OCIMediaType.index), "manifests": .array(manifests),
        ]
        try store.add(file: "index.json", Array(index.canonical.utf8))
        return placed
    }

    private mutating func write(_ image: any Image, isFirst: Bool) throws -> Placed {
        var (written, blobs): ([WrittenImage.Layer], [OCIBlob]) = ([], [])
        let count = image.layers.count
        for layer in image.layers { layer.expect() }
        for layer in image.layers {
            let open = try layer.open()
            progress.layer(written.count + 1, of: count, title: layer.title, size: open.size)
            let (diffID, blob) = try write(layer, open, mayRepeat: !isFirst || layer.storePaths.isEmpty)
            written.append(WrittenImage.Layer(diffID: diffID, size: open.size, storePaths: layer.storePaths))
            blobs.append(blob)
        }
        let bytes = try image.config(diffIDs: written.map(\.diffID))
        let config = try add(bytes)
        let imageID = config.digest
        let result = WrittenImage(names: image.names(imageID: imageID), imageID: imageID, layers: written)
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
        let layerType = OCIMediaType.layer(compressor)
        return [
            "schemaVersion": 2,
            "mediaType": .string(OCIMediaType.manifest),
            "config": image.config.descriptor(OCIMediaType.config),
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
