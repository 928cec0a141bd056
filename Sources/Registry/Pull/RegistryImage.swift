import ByteIO
package import Images
package import OCI

/// An image in a registry. Its manifest, config and layers are fetched when they are needed, and cached.
package struct RegistryImage: BlobSource {
    /// The name of the image.
    package let reference: RegistryReference
    /// The manifest or the index of the name.
    package let root: Blob
    private let places: RegistryPlaces
    private let cache: BlobCache
    private let downloads: LayerDownloads

    package var name: String { "'\(reference)'" }

    /// Fetches the manifest or the index of a name.
    ///
    /// - Parameters:
    ///   - reference: the name of the image.
    ///   - places: the repositories that have the image.
    ///   - cache: the cache of blobs.
    ///   - progress: receives the progress of downloads.
    /// - Throws: `ToolError`.
    package init(
        _ reference: RegistryReference, _ places: RegistryPlaces, cache: BlobCache, progress: any FetchProgress
    ) throws {
        self.reference = reference
        self.places = places
        self.cache = cache
        downloads = LayerDownloads(progress)
        root = try places.first { try $0.client.manifest($0.repository, reference.manifest) }
    }

    /// Reads the image's manifest and config.
    ///
    /// - Throws: `ToolError` with code `data` if it is damaged, has no image for the wanted platform, or contradicts
    ///   itself.
    package func archive(_ context: ReadingContext) throws -> ImageArchive {
        try ImageArchive.read(self, root: root.descriptor, names: names, context)
    }

    /// Reads the manifest or the index of the name.
    ///
    /// - Throws: `ToolError` with code `data` if it is damaged.
    package func contents(_ context: ReadingContext) throws -> ImageRoot {
        try ImageRoot.read(self, root: root, names: names, context)
    }

    private var names: [ImageName] {
        [ImageName(name: reference.name, tag: reference.tag ?? (reference.digest == nil ? "latest" : nil))]
    }

    package func document(_ descriptor: Descriptor) throws -> [UInt8] {
        if descriptor.digest == root.descriptor.digest { return root.bytes }
        if MediaType.known.contains(descriptor.mediaType) {
            return try places.first { try $0.client.manifest($0.repository, "\(descriptor.digest)").bytes }
        }
        guard descriptor.size <= UInt64(ImageLimits.json) else {
            throw places.damaged(
                "the config \(descriptor.digest) has \(descriptor.size) bytes, more than the limit of \(ImageLimits.json)"
            )
        }
        return try blob(descriptor) { _ in }.bytes()
    }

    package func layer(_ descriptor: Descriptor) throws -> any RemoteFile {
        RegistryLayer(digest: descriptor.digest, downloads: downloads) { advance in try blob(descriptor, advance) }
    }

    private func blob(_ descriptor: Descriptor, _ advance: (Int) -> Void) throws -> FileRange {
        // The bytes that arrived before a place failed are kept, and the next one continues.
        try places.first { place in
            try cache.blob(descriptor.digest, size: descriptor.size) { partial in
                try place.client.fetch(place.repository, descriptor.digest, into: partial, advance: advance)
            }
        }
    }
}

/// A layer of an image in a registry.
private struct RegistryLayer: RemoteFile {
    let digest: Digest
    let downloads: LayerDownloads
    let download: LayerDownloads.Fetch

    func prefetch() { downloads.start(digest, download) }

    func fetch() throws -> FileRange { try downloads.layer(digest, download) }
}
