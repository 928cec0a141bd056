import Archives
import Digests

/// A blob that was put in a layout.
public struct OCIBlob: Hashable, Sendable {
    public let digest: Digest
    /// Bytes.
    public let size: UInt64

    public init(digest: Digest, size: UInt64) {
        self.digest = digest
        self.size = size
    }

    /// As a descriptor (OCI Image Format Specification, "Content Descriptors").
    public func descriptor(_ mediaType: String, annotations: [String: String] = [:]) -> JSONValue {
        var members: [String: JSONValue] = [
            "mediaType": .string(mediaType), "digest": .string("\(digest)"), "size": .int(Int64(clamping: size)),
        ]
        if !annotations.isEmpty { members["annotations"] = .object(annotations.mapValues { .string($0) }) }
        return .object(members)
    }

    /// Where it lies in a layout.
    static func path(_ digest: Digest) -> String { "blobs/sha256/\(digest.hex)" }
}
