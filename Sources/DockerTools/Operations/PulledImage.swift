import ByteIO
import Errors
import Images
import OCI
import Registry

/// An image of a registry, whose layers are brought when they are asked for.
struct PulledImage: Sendable {
    let image: ArchivedImage
    /// Of the manifest, or of the index that has it: what `imageDigest` pins.
    let digest: Digest
    private let request: PullRequest
    private let context: Context

    /// Asks the registry for the image.
    ///
    /// - Throws: `ToolError` with code `data` if there is none, `unavailable` where the registry does not give it.
    init(_ request: PullRequest, _ context: Context, _ reporter: any Reporter) async throws {
        var context = context
        if !request.tlsVerify {
            context.registries = context.registries.unverified(request.reference.registry)
        }
        let found = try await context.registryImage(
            request.reference, task: "cannot pull \(request.reference)", reporter)
        var readingContext = context.reading(architecture: nil, keepsLayers: true)
        readingContext.platform = request.platform
        image = try found.archive(readingContext).image(name: nil, tag: nil)
        digest = found.root.descriptor.digest
        self.request = request
        self.context = context
    }

    /// The image under the name that it has in the archive.
    var named: any Image { RenamedImage(image, names: [request.finalName]) }

    /// Writes the docker-archive.
    ///
    /// - Returns: what is known of the image, and the hash of the archive.
    func writeArchive(to sink: any ByteSink, progress: any Progress) throws -> (image: ImageSummary, sha256: Digest) {
        let hashed = try BlobSink(to: sink)
        let written = try SkopeoArchiveWriter(to: hashed, progress: progress).write(image, as: request.finalName)
        let sha256 = try hashed.digest()
        if let key { context.digestCache?.keep(sha256, for: key) }
        return (written, sha256)
    }

    /// The hash that the docker-archive has, or would have; written it is only if nobody knows.
    func archiveHash(progress: any Progress) throws -> Digest {
        if let key, let known = context.digestCache?.digest(for: key) { return known }
        return try writeArchive(to: NullSink(), progress: progress).sha256
    }

    /// Compares the hash of the docker-archive with the one that is asked for, if one is.
    ///
    /// - Throws: `ToolError` with code `data` that tells both, in the form of the one that is asked for and as SRI.
    func check(_ sha256: Digest) throws {
        guard let wanted = request.hash, wanted.digest != sha256 else { return }
        func words(_ digest: Digest) -> String {
            let own = wanted.spelling(of: digest)
            return own == digest.sri ? own : "\(own)  \(digest.sri)"
        }
        throw ToolError(
            .data, "cannot use \(request.reference)",
            cause: """
                its docker-archive has another hash than it should have
                got:    \(words(sha256))
                wanted: \(words(wanted.digest))
                """,
            remedy:
                "check the final name and tag, os and arch, which the hash depends on; if they are right, find out why the "
                + "image changed before you pin what was got")
    }

    private var key: DigestCache.Key? { try? DigestCache.Key(archiveOf: image.imageID, as: request.finalName) }
}

/// What is to be pulled, and what it is called then.
struct PullRequest: Sendable {
    /// As it was written, without tag and digest: `redis`.
    let imageName: String
    var reference: RegistryReference
    /// Of the docker-archive; nil if nobody says what it should be.
    var hash: PinnedHash?
    /// What it is called in the archive, name and tag.
    var finalName: ImageName
    /// By pullImage's rule that of amd64, whatever this machine is.
    var platform = Platform(os: "linux", architecture: "amd64")
    var tlsVerify = true

    /// The image that a spec names.
    ///
    /// - Throws: `ToolError` with code `usage` for a name that no registry has.
    init(_ spec: PullSpec) throws {
        imageName = spec.imageName
        reference = try RegistryReference("\(spec.imageName)@\(spec.imageDigest)")
        hash = spec.hash
        finalName = spec.finalName
        platform = Platform(os: spec.os, architecture: spec.architecture)
        tlsVerify = spec.tlsVerify
    }

    /// The image of a name of the command line, which keeps its name.
    ///
    /// - Parameter text: `NAME`, `NAME:TAG` or `NAME@DIGEST`, `docker://` before it or not.
    /// - Throws: `ToolError` with code `usage` for a malformed name.
    init(_ text: String) throws {
        reference = try RegistryReference(text)
        let name = ImageName(String(RegistryReference.withoutScheme(text).prefix { $0 != "@" }))
        imageName = name.name ?? ""
        finalName = ImageName(name: name.name, tag: name.tag ?? "latest")
    }
}
