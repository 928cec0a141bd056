public import JSON

/// A list of manifests: of the images in an OCI layout, or of one image for several platforms.
///
/// Source: OCI Image Format Specification, "Image Index"; Docker's manifest list, which has the same members.
public struct Index: Hashable, Sendable {
    /// The media type that the document states; nil if it states none, which OCI allows.
    public var mediaType: String?
    /// The manifests, or further indexes.
    public var manifests: [Descriptor]
    /// Names and other facts, by keys such as `org.opencontainers.image.ref.name`.
    public var annotations: [String: String]

    /// Creates an index.
    public init(
        manifests: [Descriptor], mediaType: String? = MediaType.index, annotations: [String: String] = [:]
    ) {
        self.mediaType = mediaType
        self.manifests = manifests
        self.annotations = annotations
    }

    /// Reads an index.
    ///
    /// - Throws: `OCIFormatError` if it is malformed, or could be taken for a manifest.
    public init(json: JSONValue) throws(OCIFormatError) {
        let json = try json.folded([
            "annotations", "artifactType", "layers", "manifests", "mediaType", "schemaVersion", "subject",
        ])
        try json.requireVersion2(MediaType.indexes, other: "layers")
        mediaType = json["mediaType"]?.string
        manifests = try json.descriptors("manifests")
        annotations = json.annotations
    }

    /// The document. `blob` gives its canonical bytes, which are stored and pushed.
    public var json: JSONValue {
        var members: [String: JSONValue] = ["schemaVersion": 2, "manifests": .array(manifests.map(\.json))]
        members["mediaType"] = mediaType.map { .string($0) }
        members["annotations"] = .annotations(annotations)
        return .object(members)
    }

    /// The canonical bytes of the document with their descriptor.
    public func blob() throws -> Blob {
        let bytes = Array(json.canonical.utf8)
        try WrittenDocument.check(bytes, "the index of the images")
        return try Blob(bytes, mediaType: mediaType ?? MediaType.index)
    }
}
