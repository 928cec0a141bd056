import Images
import OCI

/// An image in a registry whose layers a push may use without reading their files: what its manifest and its config state
/// of them.
///
/// Whether a blob is what they state is not checked: who may push the image is trusted with that.
struct CacheImage: Sendable {
    /// A layer, as the manifest and the config state it.
    struct Layer: Sendable {
        /// The digest of the uncompressed tar.
        let diffID: Digest
        /// The compressed blob, by OCI's media type; nil for a layer that is stored in a way that a push cannot use.
        let blob: Descriptor?
        /// The key of a layer of store paths; nil for other layers.
        let key: LayerKey?
    }

    /// The name of the image.
    let reference: RegistryReference
    /// The digest of the config, which its repository has.
    let config: Digest
    /// The layers, the lowest first.
    let layers: [Layer]

    /// A manifest and a config that contradict each other or themselves, so that nothing of them can be used.
    struct Contradiction: Error {
        /// The cause of a warning: `its manifest has 2 layers, and its config 3`.
        let cause: String
    }

    /// - Throws: `Contradiction`.
    init(_ reference: RegistryReference, _ manifest: Manifest, _ config: ImageConfig) throws(Contradiction) {
        guard manifest.isImage else { throw Contradiction(cause: "it is not an image") }
        guard manifest.layers.count == config.diffIDs.count else {
            throw Contradiction(
                cause: "its manifest has \(manifest.layers.count) layers, and its config \(config.diffIDs.count)")
        }
        self.reference = reference
        self.config = manifest.config.digest
        layers = zip(config.diffIDs, manifest.layers).map { diffID, descriptor in
            let blob = MediaType.compressor(descriptor.mediaType).map {
                Descriptor(mediaType: MediaType.layer($0), digest: descriptor.digest, size: descriptor.size)
            }
            return Layer(diffID: diffID, blob: blob, key: LayerKey(of: descriptor))
        }
        if let key = Self.ambiguous(layers.compactMap { layer in layer.key.map { ($0.digest, layer.diffID) } }) {
            throw Contradiction(cause: "its manifest has the layer key \(key) for two layers that differ")
        }
        if let blob = Self.ambiguous(layers.compactMap { layer in layer.blob.map { ($0.digest, layer.diffID) } }) {
            throw Contradiction(cause: "its config has two digests for the blob \(blob)")
        }
    }

    /// The first name that is given to two different layers.
    private static func ambiguous(_ names: [(name: Digest, diffID: Digest)]) -> Digest? {
        var diffIDs: [Digest: Digest] = [:]
        return names.first { name, diffID in
            defer { diffIDs[name] = diffID }
            return diffIDs[name].map { $0 != diffID } ?? false
        }?.name
    }
}

/// The layers that images in registries are known to have.
struct KnownLayers: Sendable {
    /// A blob, and the repository that lists it.
    struct Known: Sendable {
        let blob: Descriptor
        let image: RegistryReference
    }

    /// Nothing is known.
    static let none = KnownLayers([]) { _ in }

    private var diffIDs: [LayerKey: (diffID: Digest, image: RegistryReference)] = [:]
    private var blobs: [Digest: [Known]] = [:]
    private var configs: [Digest: Set<String>] = [:]
    private var images: [Digest: [RegistryReference]] = [:]

    /// Whether no layer is known.
    var isEmpty: Bool { blobs.isEmpty && diffIDs.isEmpty }

    /// - Parameters:
    ///   - images: the images, the preferred one first.
    ///   - warn: receives a warning for a key that images contradict each other about; it is not used.
    init(_ images: [CacheImage], warn: (String) -> Void) {
        var refused: Set<LayerKey> = []
        for image in images {
            configs[image.config, default: []].insert(image.reference.name)
            for layer in image.layers {
                if let blob = layer.blob {
                    blobs[layer.diffID, default: []].append(Known(blob: blob, image: image.reference))
                    self.images[blob.digest, default: []].append(image.reference)
                }
                guard let key = layer.key else { continue }
                if let other = diffIDs[key], other.diffID != layer.diffID, refused.insert(key).inserted {
                    warn(
                        "\(other.image) and \(image.reference) have different layers with the key \(key.digest): "
                            + "neither is used")
                }
                if diffIDs[key] == nil { diffIDs[key] = (layer.diffID, image.reference) }
            }
        }
        for key in refused { diffIDs[key] = nil }
    }

    /// The digest of the uncompressed layer with a key, and the image that states it.
    func diffID(of key: LayerKey) -> (diffID: Digest, image: RegistryReference)? { diffIDs[key] }

    /// The compressed blobs of a layer by their media type, the preferred one first.
    func blobs(of diffID: Digest, _ mediaType: String) -> [Known] {
        (blobs[diffID] ?? []).filter { $0.blob.mediaType == mediaType }
    }

    /// The repositories of a registry that have a blob.
    func repositories(of blob: Digest, in registry: String) -> [String] {
        (images[blob] ?? []).filter { $0.registry == registry }.map(\.repository)
    }

    /// Whether a repository has a config.
    ///
    /// - Parameter name: the registry and the repository.
    func hasConfig(_ config: Digest, in name: String) -> Bool { configs[config]?.contains(name) ?? false }
}
