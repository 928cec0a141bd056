import Archives
import Digests
import Failures
import Images
import Registry
import Tar

/// An image of a registry, whose layers are brought when they are asked for.
struct PulledImage: Sendable {
    let image: ArchivedImage
    /// Of the manifest, or of the index that has it: what `imageDigest` pins.
    let digest: Digest
    private let request: PullRequest
    private let surroundings: Surroundings

    /// Asks the registry for the image.
    ///
    /// - Throws: `Failure` with code `data` if there is none, `unavailable` where the registry does not give it.
    init(_ request: PullRequest, _ surroundings: Surroundings, _ reporter: any Reporter) async throws {
        var surroundings = surroundings
        if !request.tlsVerify {
            surroundings.registries = surroundings.registries.unverified(request.reference.registry)
        }
        let found = try await surroundings.registryImage(
            request.reference, task: "cannot pull \(request.reference)", reporter)
        var context = surroundings.reading(architecture: nil, keepsLayers: true)
        context.platform = request.platform
        image = try found.archive(context).image(name: nil, tag: nil)
        digest = found.root.descriptor.digest
        self.request = request
        self.surroundings = surroundings
    }

    /// The image under the name that it has in the archive.
    var named: any Image { RenamedImage(image, names: [request.finalName]) }

    /// Writes the docker-archive.
    ///
    /// - Returns: what is known of the image, and the hash of the archive.
    func writeArchive(to sink: any ByteSink, progress: any Progress) throws -> (image: WrittenImage, sha256: Digest) {
        let hashed = try BlobSink(to: sink)
        let written = try SkopeoArchiveWriter(to: hashed, progress: progress).write(image, as: request.finalName)
        let sha256 = try hashed.digest()
        if let key { surroundings.digestCache?.keep(sha256, for: key) }
        return (written, sha256)
    }

    /// The hash that the docker-archive has, or would have; written it is only if nobody knows.
    func archiveHash(progress: any Progress) throws -> Digest {
        if let key, let known = surroundings.digestCache?.digest(for: key) { return known }
        return try writeArchive(to: NullSink(), progress: progress).sha256
    }

    /// Compares the hash of the docker-archive with the one that is asked for, if one is.
    ///
    /// - Throws: `Failure` with code `data` that tells both, in the form of the one that is asked for and as SRI.
    func check(_ sha256: Digest) throws {
        guard let wanted = request.hash, wanted.digest != sha256 else { return }
        func words(_ digest: Digest) -> String {
            let own = wanted.spelling(of: digest)
            return own == digest.sri ? own : "\(own)  \(digest.sri)"
        }
        throw Failure(
            .data, "cannot use \(request.reference)",
            why: """
                its docker-archive has another hash than it should have
                got:    \(words(sha256))
                wanted: \(words(wanted.digest))
                """,
            advice:
                "check the final name and tag, os and arch, which the hash depends on; if they are right, find out why the "
                + "image changed before you pin what was got")
    }

    private var key: DigestCache.Key? { try? DigestCache.Key(archiveOf: image.imageID, as: request.finalName) }
}
