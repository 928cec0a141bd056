import ByteIO
import Errors
import JSON
import OCI

/// Makes sense of an OCI image layout: `index.json`, and the blobs that it leads to.
///
/// Source: OCI Image Format Specification, "Image Layout".
struct OCIIndexReader {
    private let files: any ImageFiles
    private let context: ReadingContext

    /// How deep indexes may lie in one another: real ones lie two deep.
    private static let depthLimit = 4

    init(_ files: any ImageFiles, _ context: ReadingContext) {
        self.files = files
        self.context = context
    }

    func images() throws -> [ArchivedImage] {
        let layout = try files.value("oci-layout", "the layout's version")
        guard let version = layout["imageLayoutVersion"]?.string, version.hasPrefix("1.") else {
            throw files.failure("imageLayoutVersion of oci-layout is none that is known: 1.0.0 is")
        }
        let index = try files.value("index.json", "the index")
        let images = try named(manifests(index, "index.json")).flatMap { names, entry in
            try self.images(entry, names: names, depth: 1)
        }
        guard !images.isEmpty else { throw files.failure("its index.json lists no image") }
        return images
    }

    /// The descriptors of an index.
    private func manifests(_ index: JSONValue, _ place: String) throws -> [OCIDescriptor] {
        try files.checkManifest(index, MediaType.indexes, place, other: "layers")
        guard let entries = index["manifests"]?.array else {
            throw files.failure("\(place).manifests is \(index["manifests"]?.kind ?? "missing"), and not a list")
        }
        return try entries.enumerated()
            .map { try OCIDescriptor($1, "\(place).manifests[\($0)]", of: files) }
            .filter { $0.platform?.os != "unknown" }
    }

    /// The descriptors with their names. Of several of one name, which are one image for several processors, those for
    /// other processors are left out where there is one for this.
    private func named(_ entries: [OCIDescriptor]) -> [(names: [ImageName], entry: OCIDescriptor)] {
        let named = entries.map { (names: Self.names($0), entry: $0) }
        let fitting = Set(named.filter { isWanted($0.entry) }.map(\.names))
        return named.filter { $0.entry.platform == nil || isWanted($0.entry) || !fitting.contains($0.names) }
    }

    private func isWanted(_ entry: OCIDescriptor) -> Bool {
        entry.platform?.serves(context.platform) == true
    }

    /// The image of a descriptor; of an index the one for this processor. None for what is no image: attestations.
    func images(_ descriptor: OCIDescriptor, names: [ImageName], depth: Int) throws -> [ArchivedImage] {
        if MediaType.manifests.contains(descriptor.mediaType) {
            return [try OCIManifestReader(files, context).image(descriptor, names: names)]
        }
        guard MediaType.indexes.contains(descriptor.mediaType) else { return [] }
        guard depth < Self.depthLimit else {
            throw files.failure("its indexes lie more than \(Self.depthLimit) deep in one another")
        }
        let place = "the index \(descriptor.digest)"
        let value = try files.value(files.blob(descriptor, place, context), "\(place) of \(files.name)")
        return try images(chosen(manifests(value, place), of: place), names: names, depth: depth + 1)
    }

    private func chosen(_ entries: [OCIDescriptor], of place: String) throws -> OCIDescriptor {
        if let entry = entries.first(where: isWanted) ?? (entries.count == 1 ? entries.first : nil) { return entry }
        let platforms = entries.compactMap(\.platform).map { TerminalText.printable(Array("\($0)".utf8)) }
        throw ToolError(
            .data, "cannot read \(files.name)", cause: "\(place) has no image for \(context.platform)",
            remedy: "set architecture to one that it has: \(platforms.joined(separator: ", "))")
    }

    /// The names are annotations: of the specification, which may be but a tag, and of containerd, which is whole.
    private static func names(_ descriptor: OCIDescriptor) -> [ImageName] {
        let full = descriptor.annotations["io.containerd.image.name"].map { ImageName($0) }
        guard let reference = descriptor.annotations["org.opencontainers.image.ref.name"] else {
            return full.map { [$0] } ?? []
        }
        if let full, full.tag == reference || "\(full)" == reference { return [full] }
        let isTag = !reference.contains(where: { $0 == "/" || $0 == ":" })
        let name = isTag ? ImageName(name: nil, tag: reference) : ImageName(reference)
        return (full.map { [$0] } ?? []) + [name]
    }
}

/// Makes sense of the manifest of one image.
///
/// Source: OCI Image Format Specification, "Image Manifest".
struct OCIManifestReader {
    private let files: any ImageFiles
    private let context: ReadingContext

    init(_ files: any ImageFiles, _ context: ReadingContext) {
        self.files = files
        self.context = context
    }

    func image(_ descriptor: OCIDescriptor, names: [ImageName]) throws -> ArchivedImage {
        let place = "the manifest \(descriptor.digest)"
        let manifest = try files.value(files.blob(descriptor, place, context), "\(place) of \(files.name)")
        try files.checkManifest(manifest, MediaType.manifests, place, other: "manifests")
        guard let configValue = manifest["config"], let layerValues = manifest["layers"]?.array else {
            throw files.failure("\(place) has no config, or no list of layers")
        }
        let configDescriptor = try OCIDescriptor(configValue, "\(place).config", of: files)
        let bytes = try files.blob(configDescriptor, "the config \(configDescriptor.digest)", context)
        let config = try ArchivedConfig(bytes, of: files)
        guard config.diffIDs.count == layerValues.count else {
            throw files.failure(
                "\(place) has \(layerValues.count) layers, and its config has \(config.diffIDs.count) diff_ids")
        }
        let layers = try layerValues.enumerated().map { index, value in
            try layer(OCIDescriptor(value, "\(place).layers[\(index)]", of: files), config.diffIDs[index])
        }
        return ArchivedImage(source: files.name, names: names, config: config, archivedLayers: layers)
    }

    private func layer(_ descriptor: OCIDescriptor, _ diffID: Digest) throws -> ArchivedLayer {
        guard let file = try files.layer(descriptor) else {
            throw files.failure("the layer \(descriptor.digest) is not in it")
        }
        try files.checkSize(file.size, descriptor, "the layer \(descriptor.digest)", context)
        return ArchivedLayer(
            name: descriptor.path, archive: files.name, diffID: diffID, digest: descriptor.digest,
            mediaType: descriptor.mediaType,
            size: file.size,
            place: file.place, context: context)
    }
}

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
                ImageIssues.Fault(what, "digest", got: "\(digest)", wanted: "\(descriptor.digest)"),
                failure("\(what) has the digest \(digest)"))
        }
        return bytes
    }

    /// Compares a blob's size with its descriptor's.
    func checkSize(_ size: UInt64, _ descriptor: OCIDescriptor, _ what: String, _ context: ReadingContext) throws {
        guard size != descriptor.size else { return }
        try context.contradiction(
            ImageIssues.Fault(what, "size", got: "\(size)", wanted: "\(descriptor.size)"),
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
