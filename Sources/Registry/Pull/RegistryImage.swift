import ByteIO
import Images
import OCI

/// An image in a registry: manifest, config and layers, each brought when it is asked for, and kept in the cache.
package struct RegistryImage: BlobSource {
    package let reference: RegistryReference
    /// The manifest or the index that the name leads to.
    package let root: RegistryManifest
    private let client: RegistryClient
    private let cache: BlobCache
    private let fetches: LayerDownloads

    package var name: String { "'\(reference)'" }

    /// Asks the registry for what the name leads to.
    ///
    /// - Parameter progress: is told of layers that are brought.
    /// - Throws: `ToolError`.
    package init(
        _ reference: RegistryReference, _ client: RegistryClient, cache: BlobCache, progress: any FetchProgress
    ) throws {
        self.reference = reference
        self.client = client
        self.cache = cache
        fetches = LayerDownloads(progress)
        root = try client.manifest(reference.repository, reference.manifest)
    }

    /// What it says, as all other images are read.
    ///
    /// - Throws: `ToolError` with code `data` if it is damaged, is for no platform that is wanted, or contradicts
    ///   itself.
    package func archive(_ context: ReadingContext) throws -> ImageArchive {
        let names = [ImageName(name: reference.name, tag: reference.tag ?? (reference.digest == nil ? "latest" : nil))]
        return try ImageArchive(self, root: root.descriptor, names: names, context)
    }

    package func record(_ descriptor: OCIDescriptor) throws -> [UInt8] {
        if descriptor.digest == root.descriptor.digest { return root.bytes }
        if MediaType.known.contains(descriptor.mediaType) {
            return try client.manifest(reference.repository, "\(descriptor.digest)").bytes
        }
        guard descriptor.size <= UInt64(ImageLimits.json) else {
            throw client.damaged(
                "the config \(descriptor.digest) has \(descriptor.size) bytes, more than the limit of \(ImageLimits.json)"
            )
        }
        return try blob(descriptor) { _ in }.bytes()
    }

    package func layer(_ descriptor: OCIDescriptor) throws -> any RemoteFile {
        RegistryLayer(digest: descriptor.digest, fetches: fetches) { advance in try blob(descriptor, advance) }
    }

    private func blob(_ descriptor: OCIDescriptor, _ advance: (Int) -> Void) throws -> FileRange {
        try cache.blob(descriptor.digest, size: descriptor.size) { partial in
            try client.fetch(reference.repository, descriptor.digest, into: partial, advance: advance)
        }
    }
}

/// A layer of an image in a registry.
private struct RegistryLayer: RemoteFile {
    let digest: Digest
    let fetches: LayerDownloads
    let fetch: LayerDownloads.Fetch

    func expect() { fetches.start(digest, fetch) }

    func bring() throws -> FileRange { try fetches.layer(digest, fetch) }
}
