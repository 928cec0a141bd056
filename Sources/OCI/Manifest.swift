public import JSON

/// The manifest of an image: its config and its layers, as blobs.
///
/// Source: OCI Image Format Specification, "Image Manifest"; Docker's Image Manifest Version 2, Schema 2, which has the
/// same members.
public struct Manifest: Hashable, Sendable {
    /// The media type that the document states; nil if it states none, which OCI allows.
    public var mediaType: String?
    /// The type of an artifact that is not an image; nil for images.
    public var artifactType: String?
    /// The image's config.
    public var config: Descriptor
    /// The layers, the lowest first.
    public var layers: [Descriptor]
    /// The manifest that this one says something about, such as a signature; nil for images.
    public var subject: Descriptor?
    /// Names and other facts, by keys such as `org.opencontainers.image.created`.
    public var annotations: [String: String]

    /// Creates the manifest of an image.
    public init(
        config: Descriptor, layers: [Descriptor], mediaType: String? = MediaType.manifest,
        annotations: [String: String] = [:]
    ) {
        self.mediaType = mediaType
        self.config = config
        self.layers = layers
        self.annotations = annotations
    }

    /// The members of manifests, and the one that only indexes have.
    private static let keys = [
        "annotations", "artifactType", "config", "layers", "manifests", "mediaType", "schemaVersion", "subject",
    ]

    /// Reads a manifest.
    ///
    /// - Throws: `OCIFormatError` if it is malformed, is of schema 1, or could be taken for an index.
    public init(json: JSONValue) throws(OCIFormatError) {
        let json = try json.folded(Self.keys)
        try json.requireVersion2(MediaType.manifests, other: "manifests")
        mediaType = json["mediaType"]?.string
        artifactType = json["artifactType"]?.string
        config = try json.descriptor("config")
        // BuildKit's image without layers has null.
        layers = json["layers"] == .null ? [] : try json.descriptors("layers")
        subject = json["subject"].map { $0 == .null } ?? true ? nil : try json.descriptor("subject")
        annotations = json.annotations
    }

    /// Whether the manifest describes an image. Signatures, attestations, SBOMs and other artifacts have a type, a config
    /// that is not that of an image, or layers of which none is a layer of an image.
    ///
    /// Source: OCI Image Format Specification, "Guidelines for Artifact Usage"; cosign's signatures have a config of an
    /// image.
    package var isImage: Bool {
        artifactType == nil && MediaType.isConfig(config.mediaType)
            && (layers.isEmpty || layers.contains { MediaType.isLayer($0.mediaType) })
    }

    /// The type of an artifact: the one that it states, or that of its config or of its first layer.
    package var contentType: String {
        if let artifactType { return artifactType }
        let isUsual = MediaType.isConfig(config.mediaType) || config.mediaType == MediaType.empty
        guard isUsual else { return config.mediaType }
        return layers.first?.mediaType ?? config.mediaType
    }

    /// The document. `blob` gives its canonical bytes, which are stored and pushed.
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "schemaVersion": 2, "config": config.json, "layers": .array(layers.map(\.json)),
        ]
        members["mediaType"] = mediaType.map { .string($0) }
        members["artifactType"] = artifactType.map { .string($0) }
        members["subject"] = subject?.json
        members["annotations"] = .annotations(annotations)
        return .object(members)
    }

    /// The canonical bytes of the document with their descriptor.
    public func blob() throws -> Blob {
        let bytes = Array(json.canonical.utf8)
        try WrittenDocument.check(bytes, "the manifest of the image")
        return try Blob(bytes, mediaType: mediaType ?? MediaType.manifest)
    }
}
