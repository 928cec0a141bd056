import ByteIO
import Compression
package import OCI

/// An image without layers that its destination has as uncompressed blobs, wherever in the image they are.
///
/// Such an image is written as an OCI layout whose layers are uncompressed: a layer's blob has the digest of the layer.
/// So the digest of the manifest is known before anything is written.
package struct MissingBlobs: Sendable {
    /// The image. The digests of its layers are known, and it has no annotations.
    package let image: any Image
    /// The layers that are present.
    package let present: [ImageSummary.Layer]
    /// The descriptors of the layers that are present, by their digests.
    let descriptors: [Digest: Descriptor]

    /// Finds the layers of an image that its destination does not have. Layers whose digest is unknown are hashed.
    ///
    /// - Parameter known: the digests of the layers that the destination has, with their uncompressed sizes in bytes;
    ///   nil for a size that is to be found by opening the layer.
    /// - Throws: the errors of the layers.
    package static func find(in image: any Image, among known: [Digest: UInt64?]) throws -> MissingBlobs {
        let layers = try OrderedThreadPool.map(image.layers) { try HashedLayer($0).closed }
        var (descriptors, present): ([Digest: Descriptor], [ImageSummary.Layer]) = ([:], [])
        for layer in layers {
            guard let statedSize = known[layer.hash] else { continue }
            let size = try descriptors[layer.hash]?.size ?? statedSize ?? layer.open().size
            descriptors[layer.hash] = Descriptor(mediaType: MediaType.layer(.none), digest: layer.hash, size: size)
            present.append(ImageSummary.Layer(diffID: layer.hash, size: size, storePaths: layer.storePaths))
        }
        return MissingBlobs(
            image: HashedImage(image: image, layers: layers), present: present, descriptors: descriptors)
    }

    /// The same image with all its layers. Their digests stay known.
    package var whole: MissingBlobs { MissingBlobs(image: image, present: [], descriptors: [:]) }

    /// The same image under one name only.
    package func named(_ name: ImageName) -> MissingBlobs {
        MissingBlobs(
            image: HashedImage(image: image, layers: image.layers, onlyName: name), present: present,
            descriptors: descriptors)
    }

    /// The image and the digest of its manifest, if all its layers are present.
    package var writtenIfPresent: (image: ImageSummary, manifest: Digest)? {
        get throws {
            guard present.count == image.layers.count else { return nil }
            let config = try image.config.with(diffIDs: present.map(\.diffID)).blob().descriptor
            let layers = present.compactMap { descriptors[$0.diffID] }
            let names = image.names(imageID: config.digest)
            return (
                ImageSummary(names: names, imageID: config.digest, layers: present),
                try Manifest(config: config, layers: layers).blob().descriptor.digest
            )
        }
    }
}

/// An image whose layers are replaced with the same layers, hashed. The image's annotations are left out.
private struct HashedImage: Image {
    let image: any Image
    let layers: [any Layer]
    /// Replaces all names of the image.
    var onlyName: ImageName?

    var name: String? { image.name }
    var config: ImageConfig { image.config }
    func names(imageID: Digest) -> [ImageName] { onlyName.map { [$0] } ?? image.names(imageID: imageID) }
}

/// The facts about a manifest of uncompressed layers that the config of its image does not have: the digest and the size
/// of the config, and the sizes of the layers.
///
/// They are an annotation of the image in the index that Docker loads, and Docker's image store with containerd gives
/// the annotations back. The manifest that follows from them is the image's only if its digest is the image's ID, so
/// nothing needs to be believed.
package enum ManifestRecord {
    /// The key of the annotation.
    package static let annotation = "dev.dockertools.manifest"

    /// The annotation of a manifest: `CONFIG-DIGEST CONFIG-SIZE LAYER-SIZE…`.
    static func text(of manifest: Manifest) -> String {
        (["\(manifest.config.digest)", "\(manifest.config.size)"] + manifest.layers.map { "\($0.size)" })
            .joined(separator: " ")
    }

    /// The sizes in bytes of the layers that a manifest lists as uncompressed blobs, by their digests.
    ///
    /// - Parameters:
    ///   - text: the annotation.
    ///   - diffIDs: the digests of the image's layers, the lowest first.
    ///   - id: the digest of the manifest.
    /// - Returns: nil if the manifest that follows does not have the digest.
    package static func layers(_ text: String, diffIDs: [Digest], id: Digest) -> [Digest: UInt64]? {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        let sizes = words.dropFirst().compactMap { UInt64($0) }
        guard sizes.count == diffIDs.count + 1, words.count == sizes.count + 1, let config = Digest(String(words[0])),
            sizes.allSatisfy({ $0 <= UInt64(Int64.max) })
        else { return nil }
        let layers = zip(diffIDs, sizes.dropFirst()).map {
            Descriptor(mediaType: MediaType.layer(.none), digest: $0, size: $1)
        }
        let manifest = Manifest(
            config: Descriptor(mediaType: MediaType.config, digest: config, size: sizes[0]), layers: layers)
        guard (try? manifest.blob().descriptor.digest) == id else { return nil }
        return Dictionary(zip(diffIDs, sizes.dropFirst())) { first, _ in first }
    }
}
