import Errors
import Images
package import JSON
public import OCI
import Registry
import SystemPackage

extension DockerTools {
    /// Describes an index, or the image of a source that has none. The layers of an image in a registry are not fetched.
    ///
    /// With a platform in the context, the image for it is described.
    ///
    /// - Throws: `ToolError`: `data` for a damaged image or an unknown name, `io` for unreadable files.
    public func inspectRoot(_ source: ImageSource) async throws -> RootInspection {
        guard context.platform == nil else { return .image(try await inspect(source)) }
        let described = try await run { () throws -> RootInspection? in
            let reading = context.reading(keepsLayers: false)
            guard let opened = try context.rooted(source, reading) else { return nil }
            if let index = try opened.root().flatMap(IndexInspection.init) { return .index(index) }
            return .image(try ImageInspection(opened.archive(), choosing: source.chosenName))
        }
        if let described { return described }
        return .image(try await inspect(source))
    }

    /// The exact bytes of a manifest or an index; with a platform in the context, of the manifest for it.
    ///
    /// - Throws: `ToolError`: `data` for a source that has neither, such as a docker-archive.
    public func rawManifest(of source: ImageSource) async throws -> [UInt8] {
        try await run {
            let reading = context.reading(keepsLayers: false)
            if let opened = try context.rooted(source, reading) {
                if let root = try opened.root() { return try root.bytes(reading) }
                // The error for a name that is not there comes first.
                _ = try opened.archive().image(named: source.chosenName)
            }
            throw ToolError(
                .data, "cannot show the manifest of \(source.displayName)",
                cause: "only a registry, an OCI layout and an OCI archive have manifests",
                remedy: "write the image in an OCI format first, as with `dockertools merge` and \(.format) oci-layout")
        }
    }
}

/// A place whose images may have manifests and indexes.
private struct RootedSource {
    /// Reads the manifest or the index; nil if there is none.
    let root: () throws -> ImageRoot?
    /// Reads the images.
    let archive: () throws -> ImageArchive
}

extension Context {
    /// Opens the place of an image; nil for a place that has no manifests: of a spec, and of the daemon.
    fileprivate func rooted(_ source: ImageSource, _ reading: ReadingContext) throws -> RootedSource? {
        switch source {
        case .registry(let name):
            let reference = try RegistryReference(name)
            let image = try registryImage(reference, task: "cannot read \(reference)")
            return RootedSource(root: { try image.contents(reading) }, archive: { try image.archive(reading) })
        case .archive(let path, let name), .layout(let path, let name):
            if let missing = source.missing { throw missing }
            let opened = try ImageArchive.opened(FilePath(path), reading)
            return RootedSource(root: { try opened.root(named: name) }, archive: opened.archive)
        case .spec, .specFile, .daemon, .overridden: return nil
        }
    }
}

/// The description of what a name leads to.
public enum RootInspection: Sendable {
    /// An image for one platform.
    case image(ImageInspection)
    /// An index, of images for several platforms and of artifacts.
    case index(IndexInspection)

    /// The description for people.
    public var text: String {
        switch self {
        case .image(let image): image.text
        case .index(let index): index.text
        }
    }

    /// The object that `inspect --json` prints.
    package var json: JSONValue {
        switch self {
        case .image(let image): image.json
        case .index(let index): index.json
        }
    }
}

/// The description of an index: the images and artifacts that it lists.
public struct IndexInspection: Sendable {
    /// All names of the index: `NAME:TAG`.
    public let names: [String]
    /// The digest of the index.
    public let digest: Digest
    /// The media type of the index.
    public let mediaType: String
    /// The annotations of the index.
    public let annotations: [String: String]
    /// The images in the order of the index.
    public let images: [Entry]
    /// Everything else: attestations, SBOMs, signatures.
    public let artifacts: [Entry]

    /// A manifest of the index.
    public struct Entry: Sendable {
        /// The manifest's descriptor in the index, with the platform and the annotations.
        public let descriptor: Descriptor
        /// The type of an artifact; nil for an image.
        public let artifactType: String?
        /// The manifest that an artifact is about; nil if it states none.
        public let subject: Digest?
        /// The config; nil if the place does not have the manifest.
        public let config: Descriptor?
        /// The blobs of the layers, the lowest first; empty if the place does not have the manifest.
        public let layers: [Descriptor]

        fileprivate init(_ entry: ImageRoot.Entry) {
            descriptor = entry.descriptor
            artifactType = entry.artifactType
            subject = entry.manifest?.subject?.digest
            config = entry.manifest?.config
            layers = entry.manifest?.layers ?? []
        }

        /// The size in bytes of config and layers as they are stored, compressed or not; nil without the manifest.
        public var size: UInt64? { config.map { layers.reduce($0.size) { $0.addingReportingOverflow($1.size).0 } } }
    }

    /// - Returns: nil if the root is not an index, or one of images with different names.
    fileprivate init?(_ root: ImageRoot) {
        guard let index = root.index, !root.names.isEmpty || !index.hasNames else { return nil }
        names = root.names.map { "\($0)" }
        digest = root.blob.descriptor.digest
        mediaType = root.blob.descriptor.mediaType
        annotations = index.annotations
        let entries = index.entries.map(Entry.init)
        images = entries.filter { $0.artifactType == nil }
        artifacts = entries.filter { $0.artifactType != nil }
    }
}

extension IndexInspection {
    /// The object that `inspect --json` prints for an index:
    ///
    ///     names        list of strings: all names of the index, NAME:TAG each
    ///     digest       string: sha256:hex of the index's bytes
    ///     mediaType    string
    ///     annotations  object
    ///     manifests    list of the images, in the order of the index, of
    ///                    platform     string or null: os/arch[/variant]
    ///                    digest       string: sha256:hex of the manifest
    ///                    mediaType    string
    ///                    size         integer or null: bytes of config and layers, as stored
    ///                    annotations  object: of the descriptor
    ///                    config       {digest, size, mediaType} or null if the manifest is missing
    ///                    layers       list of {digest, size, mediaType}
    ///     artifacts    list of the rest, with the same members, and
    ///                    artifactType  string
    ///                    subject       string or null: the digest of the manifest that it is about
    package var json: JSONValue {
        [
            "names": .array(names.map { .string($0) }),
            "digest": .string("\(digest)"),
            "mediaType": .string(mediaType),
            "annotations": Self.json(annotations),
            "manifests": .array(images.map { .object(Self.members($0)) }),
            "artifacts": .array(
                artifacts.map { artifact in
                    var members = Self.members(artifact)
                    members["artifactType"] = artifact.artifactType.map { .string($0) } ?? .null
                    members["subject"] = artifact.subject.map { .string("\($0)") } ?? .null
                    return .object(members)
                }),
        ]
    }

    private static func members(_ entry: Entry) -> [String: JSONValue] {
        [
            "platform": entry.descriptor.platform.map { .string("\($0)") } ?? .null,
            "digest": .string("\(entry.descriptor.digest)"),
            "mediaType": .string(entry.descriptor.mediaType),
            "size": entry.size.map { .int(Int64(clamping: $0)) } ?? .null,
            "annotations": json(entry.descriptor.annotations),
            "config": entry.config.map(json) ?? .null,
            "layers": .array(entry.layers.map(json)),
        ]
    }

    private static func json(_ blob: Descriptor) -> JSONValue {
        [
            "digest": .string("\(blob.digest)"), "size": .int(Int64(clamping: blob.size)),
            "mediaType": .string(blob.mediaType),
        ]
    }

    private static func json(_ annotations: [String: String]) -> JSONValue {
        .object(annotations.mapValues { .string($0) })
    }

    /// The names and the digest, and tables of the manifests and of their blobs.
    public var text: String {
        var facts = TextTable([.init(""), .init("")])
        for name in names.isEmpty ? ["(none)"] : names { facts.add(["name", name]) }
        facts.add(["digest", "\(digest)"])
        facts.add(["media type", mediaType])
        for (key, value) in annotations.sorted(by: { $0.key < $1.key }) {
            facts.add(["annotation", "\(key)=\(value)"])
        }
        for artifact in artifacts {
            let subject = artifact.subject.map { " of \($0)" } ?? ""
            facts.add(["artifact", "\(artifact.descriptor.digest) \(artifact.artifactType ?? "")\(subject)"])
        }
        return "\(facts)\n\(manifestTable)\n\(blobTable)"
    }

    private var manifestTable: TextTable {
        var table = TextTable([.init("PLATFORM"), .init("SIZE", .right), .init("LAYERS", .right), .init("MANIFEST")])
        for image in images {
            table.add([
                Self.platform(image), image.size.map { "\(ByteCount($0))" } ?? "missing", "\(image.layers.count)",
                "\(image.descriptor.digest)",
            ])
        }
        return table
    }

    private var blobTable: TextTable {
        var table = TextTable([.init("PLATFORM"), .init("BLOB", .right), .init("SIZE", .right), .init("DIGEST")])
        for image in images {
            for (index, blob) in ([image.config].compactMap { $0 } + image.layers).enumerated() {
                table.add([
                    Self.platform(image), index == 0 ? "config" : "\(index)", "\(ByteCount(blob.size))",
                    "\(blob.digest)",
                ])
            }
        }
        return table
    }

    private static func platform(_ entry: Entry) -> String {
        entry.descriptor.platform.map { "\($0)" } ?? "(any)"
    }
}
