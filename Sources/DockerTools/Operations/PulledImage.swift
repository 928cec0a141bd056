import ByteIO
import Errors
import Images
import OCI
import Registry

/// An image of a registry. Its layers are fetched when they are opened.
struct PulledImage: Sendable {
    let image: ArchivedImage
    /// The digest of the manifest, or of the index that lists it: the value of `imageDigest`.
    let digest: Digest
    private let request: PullRequest
    private let context: Context

    /// Fetches the manifest and the config of an image.
    ///
    /// - Throws: `ToolError` with code `data` if the image does not exist, `unavailable` if the registry fails.
    static func fetch(_ request: PullRequest, _ context: Context) async throws -> PulledImage {
        var context = context
        if !request.tlsVerify {
            context.registries = context.registries.unverified(request.reference.registry)
        }
        let found = try context.registryImage(
            request.reference, task: "cannot pull \(request.reference)")
        var readingContext = context.reading(architecture: nil, keepsLayers: true)
        readingContext.platform = request.platform
        readingContext.requiresPlatform = request.requiresPlatform
        let archive = try found.archive(readingContext).restricted(readingContext, choosing: nil)
        return PulledImage(
            image: try archive.image(name: nil, tag: nil), digest: found.root.descriptor.digest,
            request: request, context: context)
    }

    /// The image under its name in the archive.
    var named: any Image { RenamedImage(image, names: [request.finalName]) }

    /// Writes the docker-archive.
    ///
    /// - Returns: a description of the image, and the hash of the archive.
    func writeArchive(to sink: any ByteSink) throws -> (image: ImageSummary, sha256: Digest) {
        let hashed = try BlobSink(to: sink)
        let written = try SkopeoArchiveWriter(to: hashed, progress: context.reporter).write(
            image, as: request.finalName)
        let sha256 = try hashed.digest()
        if let key { context.digestCache?.keep(sha256, for: key) }
        return (written, sha256)
    }

    /// The hash of the docker-archive, which is computed if the cache does not have it.
    func archiveHash() throws -> Digest {
        if let key, let known = context.digestCache?.digest(for: key) { return known }
        return try writeArchive(to: NullSink()).sha256
    }

    /// Compares the hash of the docker-archive with the requested one, if there is one.
    ///
    /// - Throws: `ToolError` with code `data` that contains both hashes, in the form of the requested one and as SRI.
    func check(_ sha256: Digest) throws {
        guard let wanted = request.hash, wanted.digest != sha256 else { return }
        func spellings(_ digest: Digest) -> String {
            let own = wanted.spelling(of: digest)
            return own == digest.sri ? own : "\(own)  \(digest.sri)"
        }
        throw ToolError(
            .data, "cannot use \(request.reference)",
            cause: """
                its docker-archive does not have the expected hash
                got:    \(spellings(sha256))
                wanted: \(spellings(wanted.digest))
                """,
            remedy:
                "check the final name and tag, os and arch, which the hash depends on; if they are right, find out why the "
                + "image changed before you pin the new hash")
    }

    private var key: DigestCache.Key? { try? DigestCache.Key(archiveOf: image.imageID, as: request.finalName) }
}

/// The image to pull, and its name in the archive.
struct PullRequest: Sendable {
    /// The name as it was written, without tag and digest: `redis`.
    let imageName: String
    var reference: RegistryReference
    /// The expected hash of the docker-archive; nil: any.
    var hash: PinnedHash?
    /// The name and tag in the archive.
    var finalName: ImageName
    /// The platform. As in nixpkgs' pullImage, the default is amd64 on every machine.
    var platform = Platform(os: "linux", architecture: "amd64")
    /// Whether an image for another platform is refused, though the name is not one of an index.
    var requiresPlatform = false
    var tlsVerify = true

    /// The image of a spec.
    ///
    /// - Throws: `ToolError` with code `usage` for a malformed name.
    init(_ spec: PullSpec) throws {
        imageName = spec.imageName
        reference = try RegistryReference("\(spec.imageName)@\(spec.imageDigest)")
        hash = spec.hash
        finalName = spec.finalName
        platform = Platform(os: spec.os, architecture: spec.architecture)
        tlsVerify = spec.tlsVerify
    }

    /// The image of a name. The image keeps its name.
    ///
    /// - Parameter text: `NAME`, `NAME:TAG` or `NAME@DIGEST`, with or without `docker://`.
    /// - Throws: `ToolError` with code `usage` for a malformed name.
    init(_ text: String) throws {
        reference = try RegistryReference(text)
        let name = ImageName(String(RegistryReference.withoutScheme(text).prefix { $0 != "@" }))
        imageName = name.name ?? ""
        finalName = ImageName(name: name.name, tag: name.tag ?? "latest")
    }
}
