import ByteIO
import JSON
package import OCI

/// A manifest beside the images of a layout that is not an image: a signature, an attestation, an SBOM.
package struct ImageArtifact: Sendable {
    /// The digest of the manifest.
    package let digest: Digest
    /// The type of the contents: `application/spdx+json`; `attestation` for one of BuildKit that was not read.
    package let type: String
    /// The names of the artifact; may be empty.
    package let names: [ImageName]
}

/// The images and artifacts of a layout or an index.
struct LayoutContents {
    var images: [ArchivedImage] = []
    var artifacts: [ImageArtifact] = []

    static func += (left: inout LayoutContents, right: LayoutContents) {
        left.images += right.images
        left.artifacts += right.artifacts
    }

    /// The same contents, whose images were chosen from those for some platforms.
    func offering(_ platforms: [Platform]) -> LayoutContents {
        guard platforms.count > 1 else { return self }
        var contents = self
        for index in images.indices { contents.images[index].offeredPlatforms = platforms }
        return contents
    }
}

/// Reads artifacts. Their contents are of no importance to images, so they are only validated.
struct ArtifactReader {
    private let files: any ImageFiles
    private let context: ReadingContext

    init(_ files: any ImageFiles, _ context: ReadingContext) {
        self.files = files
        self.context = context
    }

    /// Whether a descriptor says that its manifest is not an image: it states a type, is for the platform
    /// `unknown/unknown` as BuildKit's attestations are, or is neither a manifest nor an index.
    static func describes(_ descriptor: Descriptor) -> Bool {
        descriptor.artifactType != nil || descriptor.platform?.os == "unknown"
            || !MediaType.known.contains(descriptor.mediaType)
    }

    /// The artifact of a descriptor whose manifest need not be read. When issues are collected, all its blobs are
    /// compared with their digests.
    func artifact(_ descriptor: Descriptor, names: [ImageName]) throws -> ImageArtifact {
        if context.issues != nil { try validate(descriptor) }
        let isManifest = MediaType.known.contains(descriptor.mediaType)
        let type = descriptor.artifactType ?? (isManifest ? "attestation" : descriptor.mediaType)
        return ImageArtifact(digest: descriptor.digest, type: type, names: names)
    }

    /// The artifact of a manifest that was read.
    func artifact(_ descriptor: Descriptor, _ manifest: Manifest, names: [ImageName]) throws -> ImageArtifact {
        try validateBlobs(of: manifest)
        return ImageArtifact(digest: descriptor.digest, type: manifest.contentType, names: names)
    }

    private func validate(_ descriptor: Descriptor) throws {
        guard MediaType.manifests.contains(descriptor.mediaType) else { return try validateBlob(descriptor) }
        let what = "the manifest \(descriptor.digest)"
        guard try files.file(files.path(of: descriptor)) != nil || !files.isLocal else {
            return missing(what)
        }
        let json = try files.value(files.blob(descriptor, what, context), "\(what) of \(files.name)")
        try validateBlobs(of: files.valid(what) { () throws(OCIFormatError) in try Manifest(json: json) })
    }

    private func validateBlobs(of manifest: Manifest) throws {
        guard context.issues != nil else { return }
        for blob in [manifest.config] + manifest.layers { try validateBlob(blob) }
    }

    /// Compares a blob with its size and digest.
    private func validateBlob(_ descriptor: Descriptor) throws {
        let what = "the blob \(descriptor.digest)"
        guard let file = try files.layer(descriptor) else { return missing(what) }
        try files.checkSize(file.size, descriptor, what, context)
        guard case .here(let range) = file.place else { return }
        let digest = try range.digest()
        guard digest != descriptor.digest else { return }
        context.issues?.add(ValidationIssue(what, "digest", got: "\(digest)", wanted: "\(descriptor.digest)"))
    }

    /// A layout need not have everything that its index lists: Docker saves attestations only if it has them.
    private func missing(_ what: String) {
        context.issues?.add(ValidationIssue(what, "it is missing, and belongs to no image", severity: .note))
    }
}
