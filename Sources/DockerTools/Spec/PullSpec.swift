import Archives
import Digests
import Failures
import Images

/// An image of a registry as nixpkgs' `pullImage` has it: a digest says which one it is, and a hash what its archive is.
public struct PullSpec: Hashable, Sendable {
    /// As it is written: `redis`, `registry.example:5000/team/app`.
    public let imageName: String
    /// Of the manifest, or of the index that has it.
    public let imageDigest: Digest
    /// Of the docker-archive that skopeo would make of it.
    public let hash: PinnedHash
    /// What it is called in the archive.
    public let finalName: ImageName
    public let os: String
    /// By Go's name.
    public let architecture: String
    /// False: the registry's certificate is not checked, and it may have none.
    public let tlsVerify: Bool

    /// Checks a spec for `pull` that was read.
    ///
    /// - Parameter sets: the overrides of the command line.
    /// - Throws: `Failure` with code `data` that names every fault of the spec; `usage` for a malformed override.
    public init(_ file: SpecFile, sets: [String] = []) throws {
        try self.init(SpecValues(file.checked(sets: sets, verb: .pull).members))
    }

    /// - Parameter values: the keys of `pull`, which have been checked.
    init(_ values: SpecValues) throws {
        imageName = try values.text("imageName")
        guard let digest = Digest(try values.text("imageDigest")), let hash = PinnedHash(try values.text("sha256"))
        else {
            throw Failure(
                .data, "cannot use the spec", why: "its imageDigest or its sha256 is none", advice: "correct the key")
        }
        imageDigest = digest
        self.hash = hash
        finalName = ImageName(
            name: values.textIfAny("finalImageName") ?? imageName, tag: try values.text("finalImageTag"))
        os = try values.text("os")
        architecture = HostArchitecture.goName(of: try values.text("arch"))
        tlsVerify = try values.flag("tlsVerify")
    }
}
