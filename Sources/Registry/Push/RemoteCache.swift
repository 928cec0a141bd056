import Errors
import Images
import JSON
import NIOHTTP1
import OCI
import Synchronization

/// Reads the images in registries whose layers a push may use: the one that it replaces, and those that the user named.
///
/// Of the destination, the image is read that has the name of the push; else the one with the first further tag that
/// exists; else the one with the tag `latest`, or with the highest version among the tags on the first page of the list.
/// Of an index, the image for the same platform is read. An image that cannot be read or contradicts itself is not used.
package final class RemoteCache: Sendable {
    /// The name of an image, and the client of its registry.
    package struct Source: Sendable {
        let reference: RegistryReference
        let client: RegistryClient

        package init(_ reference: RegistryReference, _ client: RegistryClient) {
            (self.reference, self.client) = (reference, client)
        }
    }

    /// A manifest or an index that was read, by the name of its image.
    private struct Root {
        let source: Source
        let blob: Blob
        let scope: RegistryScope
        let isNamed: Bool
    }

    private struct State {
        var roots: [Root]?
        var isEmptyRepository = false
    }

    private let destination: Source
    private let tags: [RegistryReference]
    private let others: [Source]
    private let warn: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - destination: the name that is pushed to.
    ///   - tags: the same repository with further tags of the push.
    ///   - others: the images that the user named.
    ///   - warn: receives a warning for each image that cannot be used.
    package init(
        _ destination: Source, tags: [RegistryReference], others: [Source], warn: @escaping @Sendable (String) -> Void
    ) {
        self.destination = destination
        self.tags = tags
        self.others = others
        self.warn = warn
    }

    /// Whether the destination's repository does not exist, or has no tags; false before `layers` was called.
    var isEmptyRepository: Bool { state.withLock { $0.isEmptyRepository } }

    /// Remembers that the destination's repository has blobs.
    func noteUpload() { state.withLock { $0.isEmptyRepository = false } }

    /// The layers of the images for a platform.
    ///
    /// - Throws: `ToolError` with code `unavailable` if the destination's registry cannot be reached.
    func layers(for platform: Platform) throws -> KnownLayers {
        let images = try roots().compactMap { root in
            try optional(root.source, isNamed: root.isNamed) { try image(root, platform) }
        }
        return KnownLayers(images, warn: warn)
    }

    // MARK: The roots

    /// The manifests and indexes of all images; they are read once.
    private func roots() throws -> [Root] {
        if let roots = state.withLock({ $0.roots }) { return roots }
        var roots = try [destinationRoot()].compactMap { $0 }
        for source in others {
            let (repository, scope) = (source.reference.repository, RegistryScope.pull(source.reference.repository))
            let blob = try optional(source, isNamed: true) {
                let blob = try source.client.manifestIfAny(repository, source.reference.manifest, scope)
                if blob == nil { warn("cannot use the layers of \(source.reference): there is no such image") }
                return blob
            }
            if let blob { roots.append(Root(source: source, blob: blob, scope: scope, isNamed: true)) }
        }
        state.withLock { $0.roots = roots }
        return roots
    }

    private func destinationRoot() throws -> Root? {
        let client = destination.client
        let repository = destination.reference.repository
        // The push needs this permission anyway, so that one token serves all requests.
        let scope = RegistryScope.push(repository)
        func root(_ reference: RegistryReference) throws -> Root? {
            let source = Source(reference, client)
            let blob = try optional(source, isNamed: false) {
                try client.manifestIfAny(repository, reference.manifest, scope)
            }
            return blob.map { Root(source: source, blob: $0, scope: scope, isNamed: false) }
        }
        for reference in [destination.reference] + tags {
            if let root = try root(reference) { return root }
        }
        guard let listed = try optional(destination, isNamed: false, { try client.firstTags(repository, scope) })
        else { return nil }
        state.withLock { $0.isEmptyRepository = listed.isEmpty }
        let tried = Set(([destination.reference] + tags).map(\.manifest))
        return try Self.newest(listed.filter { !tried.contains($0) }).flatMap {
            try root(destination.reference.with(tag: $0))
        }
    }

    /// The tag of the image that is likely to share the most layers with a new one.
    static func newest(_ tags: [String]) -> String? {
        if tags.contains("latest") { return "latest" }
        // Signatures and other artifacts have such tags (OCI Distribution Specification 1.1, "Referrers Tag Schema").
        return tags.filter { !$0.hasPrefix("sha256-") }.max { version($0).lexicographicallyPrecedes(version($1)) }
    }

    /// A part of a tag: numbers come after texts, and are compared as numbers.
    private enum Part: Comparable {
        case text(Substring)
        case number(length: Int, digits: Substring)
    }

    /// The parts of a tag: `1.10` is higher than `1.9`.
    private static func version(_ tag: String) -> [Part] {
        var parts: [Part] = []
        var rest = tag[...]
        while let first = rest.first {
            let run = rest.prefix { $0.isNumber == first.isNumber }
            rest = rest.dropFirst(run.count)
            let digits = run.drop { $0 == "0" }
            parts.append(first.isNumber ? .number(length: digits.count, digits: digits) : .text(run))
        }
        return parts
    }

    // MARK: The images

    /// The image for a platform; nil if an index has none.
    private func image(_ root: Root, _ platform: Platform) throws -> CacheImage? {
        let (source, client) = (root.source, root.source.client)
        let name = "the manifest of \(source.reference)"
        var manifest = root.blob
        if MediaType.indexes.contains(manifest.descriptor.mediaType) {
            let index = try Index(json: JSONValue(parsing: manifest.bytes, source: name, limit: ImageLimits.json))
            guard let entry = index.manifests.first(where: { $0.platform?.serves(platform) ?? false }) else {
                if root.isNamed { warn("cannot use the layers of \(source.reference): it has none for \(platform)") }
                return nil
            }
            let digest = "\(entry.digest)"
            guard let child = try client.manifestIfAny(source.reference.repository, digest, root.scope) else {
                throw CacheImage.Contradiction(cause: "the registry lacks its manifest \(digest)")
            }
            manifest = child
        }
        let listed = try Manifest(json: JSONValue(parsing: manifest.bytes, source: name, limit: ImageLimits.json))
        let bytes = try client.document(source.reference.repository, listed.config, root.scope)
        let json = try JSONValue(
            parsing: bytes, source: "the config of \(source.reference)", limit: ImageLimits.json)
        return try CacheImage(source.reference, listed, ImageConfig(json: json, bytes: bytes))
    }

    /// Calls `body`; if it fails, warns that an image is not used.
    ///
    /// - Throws: `ToolError` if the destination's registry could not be reached: the push would fail too.
    private func optional<Result>(_ source: Source, isNamed: Bool, _ body: () throws -> Result?) throws -> Result? {
        let cause: String
        do {
            return try body()
        } catch let error as ToolError {
            if !isNamed, !source.client.isReached { throw error }
            cause = error.cause
        } catch let error as CacheImage.Contradiction {
            cause = error.cause
        } catch let error as OCIFormatError {
            cause = error.sentence("its manifest or its config")
        }
        warn("cannot use the layers of \(source.reference): \(cause)")
        return nil
    }
}

extension RegistryClient {
    /// Whether the registry has responded to a request.
    var isReached: Bool { state.withLock { $0.origin } != nil }

    /// A config or another small document of a repository.
    ///
    /// - Throws: `ToolError` with code `data` if it is too large, or has another digest.
    fileprivate func document(
        _ repository: String, _ descriptor: Descriptor, _ scope: RegistryScope
    ) throws -> [UInt8] {
        let call = Call(method: .GET, target: .path("\(repository)/blobs/\(descriptor.digest)"), scopes: [scope])
        let response = try send(call)
        let place = "the config \(descriptor.digest)"
        let bytes = try bytes(of: response, place)
        let digest = try SHA256.digest(of: bytes)
        guard digest == descriptor.digest else { throw damaged("\(place) has the digest \(digest)") }
        return bytes
    }
}
