import ByteIO
import Errors
import JSON
package import OCI

/// The manifest or the index that a name leads to.
package struct ImageRoot: Sendable {
    /// The place of the document in errors: `'docker.io/library/redis:7'`.
    package let source: String
    /// The names that lead to it; may be empty.
    package let names: [ImageName]
    /// The exact bytes.
    package let blob: Blob
    /// The contents of an index; nil for a manifest.
    package let index: Contents?

    /// The contents of an index.
    package struct Contents: Sendable {
        /// The annotations of the index.
        package let annotations: [String: String]
        /// The manifests that it lists, and those that its indexes list, in their order. Last come the artifacts beside it
        /// in a layout that refer to one of them.
        package let entries: [Entry]

        /// Whether entries have names, as those of a layout have.
        package var hasNames: Bool { entries.contains { !OCIIndexReader.names($0.descriptor).isEmpty } }
    }

    /// A manifest of an index.
    package struct Entry: Sendable {
        /// The descriptor in the index.
        package let descriptor: Descriptor
        /// The manifest; nil if the layout does not have it, or if it is another blob.
        package let manifest: Manifest?
        /// The exact bytes of the manifest; nil without one.
        package let bytes: [UInt8]?

        /// The type of an artifact; nil for an image.
        package var artifactType: String? {
            if let type = descriptor.artifactType { return type }
            if let manifest { return manifest.isImage ? nil : manifest.contentType }
            guard ArtifactReader.describes(descriptor) else { return nil }
            return MediaType.known.contains(descriptor.mediaType) ? "attestation" : descriptor.mediaType
        }
    }

    /// The exact bytes of the document, or of the image for the platform that the context requires.
    ///
    /// - Throws: `ToolError` with code `data` if the index has no image for the required platform.
    package func bytes(_ context: ReadingContext) throws -> [UInt8] {
        guard let index, context.requiresPlatform else { return blob.bytes }
        let images = index.entries.filter { $0.artifactType == nil }
        let chosen = PlatformChoice.entry(for: context.platform, of: images) { $0.descriptor.platform }
        if let bytes = chosen?.bytes { return bytes }
        throw PlatformChoice.missing(
            context.platform, in: source, having: images.compactMap(\.descriptor.platform))
    }
}

/// Reads the manifest or the index that a name leads to.
struct ImageRootReader {
    private let files: any ImageFiles
    private let context: ReadingContext

    /// The most manifests that are read. Real indexes have some dozens.
    private static let manifestLimit = 1000

    init(_ files: any ImageFiles, _ context: ReadingContext) {
        self.files = files
        self.context = context
    }

    /// Reads the contents of a document whose bytes are known.
    ///
    /// - Parameter beside: further descriptors of the layout, of which those that refer to the document are added.
    func root(_ blob: Blob, names: [ImageName], beside: [Descriptor] = []) throws -> ImageRoot {
        guard MediaType.indexes.contains(blob.descriptor.mediaType) else {
            return ImageRoot(source: files.name, names: names, blob: blob, index: nil)
        }
        let index = try self.index(blob.bytes, "the index")
        var entries = try self.entries(index.manifests, depth: 1)
        let digests = Set(entries.map(\.descriptor.digest) + [blob.descriptor.digest])
        entries += try self.entries(beside.filter { !digests.contains($0.digest) }, depth: 1).filter {
            $0.manifest?.subject.map { digests.contains($0.digest) } ?? false
        }
        return ImageRoot(
            source: files.name, names: names, blob: blob,
            index: ImageRoot.Contents(annotations: index.annotations, entries: entries))
    }

    /// Finds the document that a text names in a layout; without a text the one of all its images.
    ///
    /// - Returns: nil for an archive without an index, and for a text that names nothing. If several images fit, the
    ///   document is `index.json` itself.
    func root(named text: String?) throws -> ImageRoot? {
        guard try files.file("index.json") != nil else { return try directoryRoot() }
        try OCIIndexReader(files, context).checkVersion()
        let bytes = try files.json("index.json", "the index")
        let all = try index(bytes, "index.json").manifests
        // Without a text, artifacts do not count.
        let images = try all.filter { try text != nil || entry($0).artifactType == nil }
        let chosen = text.map { Self.named($0, in: images) } ?? images
        guard let first = chosen.first else { return nil }
        let names = OCIIndexReader.names(first)
        guard chosen.count == 1 else {
            // Entries of one name are one image for several platforms.
            let isOne = chosen.allSatisfy { OCIIndexReader.names($0) == names }
            return try root(Blob(bytes, mediaType: MediaType.index), names: isOne ? names : [])
        }
        let document = try files.blob(first, "the manifest \(first.digest)", context)
        return try root(Blob(document, mediaType: first.mediaType), names: names, beside: all)
    }

    /// The document of a directory that has it as `manifest.json`.
    private func directoryRoot() throws -> ImageRoot? {
        guard try files.file("manifest.json") != nil else { return nil }
        let manifest = try files.value("manifest.json", "the manifest")
        guard BlobDirectoryReader.reads(manifest) else { return nil }
        let (blob, blobs) = try BlobDirectoryReader.root(files, manifest)
        return try ImageRootReader(blobs, context).root(blob, names: [])
    }

    private static func named(_ text: String, in entries: [Descriptor]) -> [Descriptor] {
        for rule in ImageName.rules(choosing: text, allowsTag: true) {
            let chosen = entries.filter { OCIIndexReader.names($0).contains(where: rule) }
            if !chosen.isEmpty { return chosen }
        }
        return []
    }

    private func index(_ bytes: [UInt8], _ place: String) throws -> Index {
        let value = try files.value(bytes, "\(place) of \(files.name)")
        return try files.valid(place) { () throws(OCIFormatError) in try Index(json: value) }
    }

    private func entries(_ descriptors: [Descriptor], depth: Int) throws -> [ImageRoot.Entry] {
        guard depth < OCIIndexReader.depthLimit else {
            throw files.failure("its indexes are nested more than \(OCIIndexReader.depthLimit) deep")
        }
        guard descriptors.count <= Self.manifestLimit else {
            throw files.failure("an index lists more than the limit of \(Self.manifestLimit) manifests")
        }
        return try descriptors.flatMap { descriptor in
            guard MediaType.indexes.contains(descriptor.mediaType), try isThere(descriptor) else {
                return [try entry(descriptor)]
            }
            let place = "the index \(descriptor.digest)"
            return try entries(index(files.blob(descriptor, place, context), place).manifests, depth: depth + 1)
        }
    }

    private func entry(_ descriptor: Descriptor) throws -> ImageRoot.Entry {
        guard MediaType.manifests.contains(descriptor.mediaType), try isThere(descriptor) else {
            return ImageRoot.Entry(descriptor: descriptor, manifest: nil, bytes: nil)
        }
        let place = "the manifest \(descriptor.digest)"
        let bytes = try files.blob(descriptor, place, context)
        let value = try files.value(bytes, "\(place) of \(files.name)")
        let manifest = try files.valid(place) { () throws(OCIFormatError) in try Manifest(json: value) }
        return ImageRoot.Entry(descriptor: descriptor, manifest: manifest, bytes: bytes)
    }

    /// Whether a document can be read. A layout need not have all that its indexes list.
    private func isThere(_ descriptor: Descriptor) throws -> Bool {
        try !files.isLocal || files.file(files.path(of: descriptor)) != nil
    }
}

/// An archive or a directory that was opened, from which images and documents can be read.
package struct OpenedArchive {
    private let files: any ImageFiles
    private let context: ReadingContext

    init(_ files: any ImageFiles, _ context: ReadingContext) {
        self.files = files
        self.context = context
    }

    /// Reads the images.
    ///
    /// - Throws: `ToolError` with code `data` if it is damaged, contains no image, or contradicts itself.
    package func archive() throws -> ImageArchive { try ImageArchive.read(files, context) }

    /// The manifest or the index that a text names; without a text the one of all images.
    ///
    /// - Returns: nil for an archive without an index, such as a docker-archive, and for a text that names nothing.
    /// - Throws: `ToolError` with code `data`.
    package func root(named text: String?) throws -> ImageRoot? {
        try ImageRootReader(files, context).root(named: text)
    }
}
