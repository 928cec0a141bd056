import Archives
import Digests

/// A blob that was put in a layout.
struct OCIBlob {
    let digest: Digest
    /// Bytes.
    let size: UInt64

    /// As a descriptor (OCI Image Format Specification, "Content Descriptors").
    func descriptor(_ mediaType: String, annotations: [String: String] = [:]) -> JSONValue {
        var members: [String: JSONValue] = [
            "mediaType": .string(mediaType), "digest": .string("\(digest)"), "size": .int(Int64(clamping: size)),
        ]
        if !annotations.isEmpty { members["annotations"] = .object(annotations.mapValues { .string($0) }) }
        return .object(members)
    }

    /// Where it lies in a layout.
    static func path(_ digest: Digest) -> String { "blobs/sha256/\(digest.hex)" }
}
