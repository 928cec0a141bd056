import Archives
import Digests
import Failures
import Tar

/// Makes sense of an OCI image layout: `index.json`, and the blobs that it leads to.
///
/// Source: OCI Image Format Specification, "Image Layout".
struct OCIIndex {
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
        try files.checkManifest(index, OCIMediaType.indexes, place, other: "layers")
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
        if OCIMediaType.manifests.contains(descriptor.mediaType) {
            return [try OCIManifest(files, context).image(descriptor, names: names)]
        }
        guard OCIMediaType.indexes.contains(descriptor.mediaType) else { return [] }
        guard depth < Self.depthLimit else {
            throw files.failure("its indexes lie more than \(Self.depthLimit) deep in one another")
        }
        let place = "the index \(descriptor.digest)"
        let value = try files.value(files.blob(descriptor, place, context), "\(place) of \(files.name)")
        return try images(chosen(manifests(value, place), of: place), names: names, depth: depth + 1)
    }

    private func chosen(_ entries: [OCIDescriptor], of place: String) throws -> OCIDescriptor {
        if let entry = entries.first(where: isWanted) ?? (entries.count == 1 ? entries.first : nil) { return entry }
        let platforms = entries.compactMap(\.platform).map { TarName.printable(Array("\($0)".utf8)) }
        throw Failure(
            .data, "cannot read \(files.name)", why: "\(place) has no image for \(context.platform)",
            advice: "set architecture to one that it has: \(platforms.joined(separator: ", "))")
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
