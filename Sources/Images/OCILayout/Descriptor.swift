import ByteIO
import JSON
import OCI

/// What an OCI index or manifest says of a blob.
///
/// Source: OCI Image Format Specification, "Content Descriptors".
package struct OCIDescriptor: Sendable {
    package let mediaType: String
    package let digest: Digest
    /// Bytes.
    package let size: UInt64
    let annotations: [String: String]
    let platform: Platform?

    package init(mediaType: String, digest: Digest, size: UInt64) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        annotations = [:]
        platform = nil
    }

    /// - Parameter place: where it stands, for errors: `index.json.manifests[0]`.
    /// - Throws: `ToolError` with code `data` if it is malformed.
    init(_ value: JSONValue, _ place: String, of files: any ImageFiles) throws {
        guard value.object != nil else { throw files.failure("\(place) is \(value.kind), and not an object") }
        guard let text = value["digest"]?.string, let digest = Digest(text) else {
            let found = value["digest"]?.string.map { TerminalText.quoted($0) } ?? "missing"
            throw files.failure("\(place).digest is \(found), and not 'sha256:' and 64 digits 0-9 a-f")
        }
        guard let size = value["size"]?.int, size >= 0 else {
            throw files.failure("\(place).size is \(value["size"]?.canonical ?? "missing"), and not a number of bytes")
        }
        guard let mediaType = value["mediaType"]?.string else {
            throw files.failure("\(place).mediaType is \(value["mediaType"]?.kind ?? "missing"), and not a string")
        }
        self.mediaType = mediaType
        self.digest = digest
        self.size = UInt64(size)
        annotations = (value["annotations"]?.object ?? [:]).compactMapValues(\.string)
        platform = value["platform"].flatMap { Platform($0) }
    }

    /// Where the blob lies in a layout.
    var path: String { OCIBlob.path(digest) }
}

/// A blob that was put in a layout.
package struct OCIBlob: Hashable, Sendable {
    package let digest: Digest
    /// Bytes.
    package let size: UInt64

    package init(digest: Digest, size: UInt64) {
        self.digest = digest
        self.size = size
    }

    /// As a descriptor (OCI Image Format Specification, "Content Descriptors").
    package func descriptor(_ mediaType: String, annotations: [String: String] = [:]) -> JSONValue {
        var members: [String: JSONValue] = [
            "mediaType": .string(mediaType), "digest": .string("\(digest)"), "size": .int(Int64(clamping: size)),
        ]
        if !annotations.isEmpty { members["annotations"] = .object(annotations.mapValues { .string($0) }) }
        return .object(members)
    }

    /// Where it lies in a layout.
    static func path(_ digest: Digest) -> String { "blobs/sha256/\(digest.hex)" }
}
