import ByteIO
public import JSON

/// The reference to a blob in a manifest or an index: what the blob is, its digest and its size.
///
/// Source: OCI Image Format Specification, "Content Descriptors".
public struct Descriptor: Hashable, Sendable {
    /// The type of the blob, such as `MediaType.manifest`.
    public var mediaType: String
    /// The SHA-256 of the blob's bytes.
    public var digest: Digest
    /// The size of the blob in bytes.
    public var size: UInt64
    /// Names and other facts, by keys such as `org.opencontainers.image.ref.name`.
    public var annotations: [String: String]
    /// The platform that the image of a manifest runs on; nil where the index names none.
    public var platform: Platform?
    /// The type of an artifact that is not an image; nil for images.
    public var artifactType: String?

    /// Creates a descriptor.
    public init(
        mediaType: String, digest: Digest, size: UInt64, annotations: [String: String] = [:],
        platform: Platform? = nil, artifactType: String? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.annotations = annotations
        self.platform = platform
        self.artifactType = artifactType
    }

    /// Reads a descriptor. Members that are not named here are ignored.
    ///
    /// - Throws: `OCIFormatError` if it has no valid `digest`, `size` or `mediaType`.
    public init(json: JSONValue) throws(OCIFormatError) {
        try json.requireObject()
        let json = try json.folded([
            "annotations", "artifactType", "data", "digest", "mediaType", "platform", "size", "urls",
        ])
        guard let text = json["digest"]?.string, let digest = Digest(text) else {
            let found = json["digest"]?.string.map { TerminalText.quoted($0) } ?? "missing"
            throw OCIFormatError("digest", "is \(found); expected \(Digest.form)")
        }
        guard let size = json["size"]?.int, size >= 0 else {
            throw OCIFormatError("size", "is \(json["size"]?.canonical ?? "missing"); expected a number of bytes")
        }
        guard let mediaType = json["mediaType"]?.string else { throw json.wrong("mediaType", expected: "a string") }
        self.init(
            mediaType: mediaType, digest: digest, size: UInt64(size), annotations: json.annotations,
            platform: json["platform"].flatMap { Platform(json: $0) }, artifactType: json["artifactType"]?.string)
    }

    /// The descriptor as a member of a manifest or an index.
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "mediaType": .string(mediaType), "digest": .string("\(digest)"), "size": .int(Int64(clamping: size)),
        ]
        members["annotations"] = .annotations(annotations)
        members["platform"] = platform?.json
        members["artifactType"] = artifactType.map { .string($0) }
        return .object(members)
    }
}

/// The bytes of a config, a manifest or an index, with their descriptor.
public struct Blob: Sendable {
    /// The media type, digest and size of `bytes`.
    public let descriptor: Descriptor
    /// The exact bytes that the digest is of.
    public let bytes: [UInt8]

    /// Hashes the bytes of a document.
    ///
    /// - Throws: an error if OpenSSL offers no SHA-256.
    public init(_ bytes: [UInt8], mediaType: String) throws {
        self.bytes = bytes
        descriptor = Descriptor(
            mediaType: mediaType, digest: try SHA256.digest(of: bytes), size: UInt64(bytes.count))
    }
}
