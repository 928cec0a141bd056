import Digests
import Images
import Registry

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
    /// - Throws: `Failure` with code `usage` for a name that no registry has.
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
    /// - Throws: `Failure` with code `usage` for a malformed name.
    init(_ text: String) throws {
        reference = try RegistryReference(text)
        let name = ImageName(String(RegistryReference.withoutScheme(text).prefix { $0 != "@" }))
        imageName = name.name ?? ""
        finalName = ImageName(name: name.name, tag: name.tag ?? "latest")
    }
}
