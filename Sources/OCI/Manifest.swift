package import JSON

/// The manifest of an image: its config and its layers, as blobs.
///
/// Source: OCI Image Format Specification, "Image Manifest"; Docker's Image Manifest Version 2, Schema 2, which has the
/// same members.
package struct Manifest: Hashable, Sendable {
    /// The media type that the document states; nil if it states none, which OCI allows.
    package var mediaType: String?
    /// The type of an artifact that is not an image; nil for images.
    package var artifactType: String?
    /// The image's config.
    package var config: Descriptor
    /// The layers, the lowest first.
    package var layers: [Descriptor]
    /// The manifest that this one says something about, such as a signature; nil for images.
    package var subject: Descriptor?
    package var annotations: [String: String]

    package init(
        config: Descriptor, layers: [Descriptor], mediaType: String? = MediaType.manifest,
        annotations: [String: String] = [:]
    ) {
        self.mediaType = mediaType
        self.config = config
        self.layers = layers
        self.annotations = annotations
    }

    /// Reads a manifest.
    ///
    /// - Throws: `OCIFormatError` if it is malformed, is of schema 1, or could be taken for an index.
    package init(json: JSONValue) throws(OCIFormatError) {
        try json.requireVersion2(MediaType.manifests, other: "manifests")
        mediaType = json["mediaType"]?.string
        artifactType = json["artifactType"]?.string
        config = try json.descriptor("config")
        layers = try json.descriptors("layers")
        subject = json["subject"] == nil ? nil : try json.descriptor("subject")
        annotations = json.annotations
    }

    /// The document. `blob` gives its canonical bytes, which are stored and pushed.
    package var json: JSONValue {
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
    package func blob() throws -> Blob {
        let bytes = Array(json.canonical.utf8)
        try WrittenDocument.check(bytes, "the manifest of the image")
        return try Blob(bytes, mediaType: mediaType ?? MediaType.manifest)
    }
}
