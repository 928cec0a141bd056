import Archives
import Digests

extension ImageFiles {
    /// The bytes of a manifest, index or config, which have the size and the digest of their descriptor.
    ///
    /// - Parameter what: what it is, for errors: `the manifest sha256:…`.
    func blob(_ descriptor: OCIDescriptor, _ what: String, _ context: ReadingContext) throws -> [UInt8] {
        let bytes = try record(descriptor, what)
        try checkSize(UInt64(bytes.count), descriptor, what, context)
        let digest = try SHA256.digest(of: bytes)
        if digest != descriptor.digest {
            try context.contradiction(
                ImageFaults.Fault(what, "digest", got: "\(digest)", wanted: "\(descriptor.digest)"),
                failure("\(what) has the digest \(digest)"))
        }
        return bytes
    }

    /// Compares a blob's size with its descriptor's.
    func checkSize(_ size: UInt64, _ descriptor: OCIDescriptor, _ what: String, _ context: ReadingContext) throws {
        guard size != descriptor.size else { return }
        try context.contradiction(
            ImageFaults.Fault(what, "size", got: "\(size)", wanted: "\(descriptor.size)"),
            failure("\(what) has \(size) bytes, and its descriptor says \(descriptor.size)"))
    }

    /// Refuses a manifest or index that one reader takes for the one and another for the other (CVE-2021-41190).
    ///
    /// - Parameter other: the member that it would have if it were the other.
    func checkManifest(_ value: JSONValue, _ known: Set<String>, _ place: String, other: String) throws {
        guard value.object != nil else { throw failure("\(place) is \(value.kind), and not an object") }
        if let mediaType = value["mediaType"] {
            guard let text = mediaType.string, known.contains(text) else {
                throw failure("\(place).mediaType is \(mediaType.canonical), which is not what it stands for")
            }
        }
        guard value["schemaVersion"]?.int == 2 else {
            throw failure("\(place).schemaVersion is \(value["schemaVersion"]?.canonical ?? "missing"), and not 2")
        }
        guard value[other] == nil else {
            throw failure(
                "\(place) has both manifests and layers: one reader takes it for an index, another for a manifest")
        }
    }
}
