import ByteIO
import Errors
import JSON
import OCI

/// Reads the images of an OCI image layout: `index.json`, and the blobs that it leads to.
///
/// Source: OCI Image Format Specification, "Image Layout".
struct OCIIndexReader {
    private let files: any ImageFiles
    private let context: ReadingContext

    /// The largest depth of indexes in indexes. Real layouts have a depth of two.
    static let depthLimit = 4

    init(_ files: any ImageFiles, _ context: ReadingContext) {
        self.files = files
        self.context = context
    }

    /// Checks the version of the layout.
    ///
    /// - Throws: `ToolError` with code `data` if it is unknown, or missing.
    func checkVersion() throws {
        let json = try files.value("oci-layout", "the layout's version")
        let layout = try files.valid("oci-layout") { () throws(OCIFormatError) in
            try json.folded(["imageLayoutVersion"])
        }
        guard let version = layout["imageLayoutVersion"]?.string, version.hasPrefix("1.") else {
            throw files.failure("imageLayoutVersion of oci-layout is not supported; expected 1.0.0")
        }
    }

    func contents() throws -> LayoutContents {
        try checkVersion()
        let index = try files.value("index.json", "the index")
        var contents = LayoutContents()
        let entries = try manifests(index, "index.json")
        for (names, entry) in named(entries) {
            let offered = names.isEmpty ? [] : entries.filter { Self.names($0) == names }.compactMap(\.platform)
            contents += try self.contents(entry, names: names, depth: 1).offering(offered)
        }
        guard !contents.images.isEmpty else {
            throw files.failure(
                contents.artifacts.isEmpty
                    ? "its index.json lists no image"
                    : "its index.json lists no image, only other artifacts: \(Self.types(contents.artifacts))")
        }
        return contents
    }

    private func manifests(_ json: JSONValue, _ place: String) throws -> [Descriptor] {
        try files.valid(place) { () throws(OCIFormatError) in try Index(json: json) }.manifests
    }

    /// The types of artifacts for an error, each once.
    static func types(_ artifacts: [ImageArtifact]) -> String {
        Set(artifacts.map { TerminalText.printable(Array($0.type.utf8)) }).sorted().joined(separator: ", ")
    }

    /// The descriptors with their names. Several descriptors of one name are one image for several platforms: if one is
    /// for the wanted platform, the others are left out.
    private func named(_ entries: [Descriptor]) -> [(names: [ImageName], entry: Descriptor)] {
        let named = entries.map { (names: Self.names($0), entry: $0) }
        let fitting = Set(named.filter { isWanted($0.entry) }.map(\.names))
        return named.filter { $0.entry.platform == nil || isWanted($0.entry) || !fitting.contains($0.names) }
    }

    private func isWanted(_ entry: Descriptor) -> Bool {
        entry.platform?.serves(context.platform) == true
    }

    /// The image of a manifest; of an index the one for the wanted platform, and its artifacts.
    func contents(_ descriptor: Descriptor, names: [ImageName], depth: Int) throws -> LayoutContents {
        let artifacts = ArtifactReader(files, context)
        guard !ArtifactReader.describes(descriptor) else {
            return LayoutContents(artifacts: [try artifacts.artifact(descriptor, names: names)])
        }
        if MediaType.manifests.contains(descriptor.mediaType) {
            let reader = OCIManifestReader(files, context)
            let manifest = try reader.manifest(descriptor)
            guard manifest.isImage else {
                return LayoutContents(artifacts: [try artifacts.artifact(descriptor, manifest, names: names)])
            }
            return LayoutContents(images: [try reader.image(manifest, of: descriptor, names: names)])
        }
        guard depth < Self.depthLimit else {
            throw files.failure("its indexes are nested more than \(Self.depthLimit) deep")
        }
        let place = "the index \(descriptor.digest)"
        let value = try files.value(files.blob(descriptor, place, context), "\(place) of \(files.name)")
        let entries = try manifests(value, place)
        var contents = LayoutContents()
        for entry in entries where ArtifactReader.describes(entry) {
            contents.artifacts.append(try artifacts.artifact(entry, names: []))
        }
        let offered = entries.filter { !ArtifactReader.describes($0) }
        contents += try self.contents(try chosen(offered, of: place), names: names, depth: depth + 1)
            .offering(offered.compactMap(\.platform))
        return contents
    }

    /// The image for the wanted platform, else the first one for which no platform is stated.
    private func chosen(_ entries: [Descriptor], of place: String) throws -> Descriptor {
        if let entry = PlatformChoice.entry(for: context.platform, of: entries, \.platform) { return entry }
        throw PlatformChoice.missing(
            context.platform, in: files.name, place: place, having: entries.compactMap(\.platform))
    }

    /// The names in the annotations: the specification's, which may be only a tag, and containerd's, which is a whole
    /// name.
    ///
    /// containerd's is shortened as Docker does it, to the name that the image has in `manifest.json`.
    static func names(_ descriptor: Descriptor) -> [ImageName] {
        let full = descriptor.annotations["io.containerd.image.name"].map { ImageName($0).familiar }
        guard let reference = descriptor.annotations["org.opencontainers.image.ref.name"] else {
            return full.map { [$0] } ?? []
        }
        if let full, full.tag == reference || full.full == ImageName(reference).full { return [full] }
        let isTag = !reference.contains(where: { $0 == "/" || $0 == ":" })
        let name = isTag ? ImageName(name: nil, tag: reference) : ImageName(reference)
        return (full.map { [$0] } ?? []) + [name]
    }
}

/// Reads the image of a manifest.
///
/// Source: OCI Image Format Specification, "Image Manifest".
struct OCIManifestReader {
    private let files: any ImageFiles
    private let context: ReadingContext

    init(_ files: any ImageFiles, _ context: ReadingContext) {
        self.files = files
        self.context = context
    }

    func manifest(_ descriptor: Descriptor) throws -> Manifest {
        let place = Self.place(descriptor)
        let json = try files.value(files.blob(descriptor, place, context), "\(place) of \(files.name)")
        return try files.valid(place) { () throws(OCIFormatError) in try Manifest(json: json) }
    }

    /// - Parameter descriptor: the descriptor of the manifest.
    func image(_ manifest: Manifest, of descriptor: Descriptor, names: [ImageName]) throws -> ArchivedImage {
        let bytes = try files.blob(manifest.config, "the config \(manifest.config.digest)", context)
        let (config, imageID) = try files.config(bytes)
        guard config.diffIDs.count == manifest.layers.count else {
            throw files.failure(
                "\(Self.place(descriptor)) has \(manifest.layers.count) layers, but its config has \(config.diffIDs.count) diff_ids"
            )
        }
        let layers = try zip(manifest.layers, config.diffIDs).map { try layer($0, $1) }
        return ArchivedImage(
            source: files.name, names: names, config: config, imageID: imageID, archivedLayers: layers)
    }

    private static func place(_ descriptor: Descriptor) -> String { "the manifest \(descriptor.digest)" }

    private func layer(_ descriptor: Descriptor, _ diffID: Digest) throws -> ArchivedLayer {
        guard let file = try files.layer(descriptor) else {
            throw files.failure("the layer \(descriptor.digest) is missing")
        }
        try files.checkSize(file.size, descriptor, "the layer \(descriptor.digest)", context)
        return ArchivedLayer(
            name: files.path(of: descriptor), archive: files.name, statedDiffID: diffID, digest: descriptor.digest,
            mediaType: descriptor.mediaType, size: file.size, place: file.place, context: context)
    }
}

extension ImageFiles {
    /// The bytes of a manifest, index or config, with the size and the digest that its descriptor states.
    ///
    /// - Parameter what: the document's name in errors: `the manifest sha256:…`.
    func blob(_ descriptor: Descriptor, _ what: String, _ context: ReadingContext) throws -> [UInt8] {
        let bytes = try document(descriptor, what)
        try checkSize(UInt64(bytes.count), descriptor, what, context)
        let digest = try SHA256.digest(of: bytes)
        if digest != descriptor.digest {
            try context.contradiction(
                ValidationIssue(what, "digest", got: "\(digest)", wanted: "\(descriptor.digest)"),
                failure("\(what) has the digest \(digest)"))
        }
        return bytes
    }

    /// Compares a blob's size with the one that its descriptor states.
    func checkSize(_ size: UInt64, _ descriptor: Descriptor, _ what: String, _ context: ReadingContext) throws {
        guard size != descriptor.size else { return }
        try context.contradiction(
            ValidationIssue(what, "size", got: "\(size)", wanted: "\(descriptor.size)"),
            failure("\(what) has \(size) bytes, but its descriptor states \(descriptor.size)"))
    }
}
