import Errors
import JSON
package import OCI

/// The spec of an image to pull, with the keys of nixpkgs' `pullImage`: a digest that identifies the image, and the
/// hash of its archive.
public struct PullSpec: Hashable, Sendable {
    /// The name as it is written: `redis`, `registry.example:5000/team/app`.
    package var imageName: String
    /// The digest of the manifest, or of the index that has it.
    package var imageDigest: Digest
    /// The hash of the docker-archive that skopeo writes of the image.
    package var hash: PinnedHash
    /// The name and the tag of the image in the archive.
    package var finalName: ImageName
    package var os = "linux"
    /// The GOARCH name of the architecture.
    package var architecture = "amd64"
    /// Whether the registry's certificate is checked; false also allows HTTP.
    package var tlsVerify = true

    /// Makes a spec with the defaults of `pullImage`.
    package init(imageName: String, imageDigest: Digest, hash: PinnedHash) {
        self.imageName = imageName
        self.imageDigest = imageDigest
        self.hash = hash
        finalName = ImageName(name: imageName, tag: "latest")
    }

    /// Makes the spec of a file for `pull`, after checking it.
    ///
    /// - Parameter sets: overrides of the spec's keys, `KEY=VALUE` each.
    /// - Throws: `ToolError` with code `data` that names every invalid value; `usage` for an invalid override.
    package static func read(_ file: SpecFile, sets: [String] = []) throws -> PullSpec {
        try read(SpecValues(file.checked(sets: sets, verb: .pull).members))
    }

    /// - Parameter values: the keys of `pull`, after the check.
    static func read(_ values: SpecValues) throws -> PullSpec {
        guard let digest = Digest(try values.text("imageDigest")), let hash = PinnedHash(try values.text("sha256"))
        else {
            throw ToolError(
                .data, "cannot use the spec",
                cause: "imageDigest is not a valid digest, or sha256 is not a valid hash", remedy: "correct the key")
        }
        var spec = PullSpec(imageName: try values.text("imageName"), imageDigest: digest, hash: hash)
        spec.finalName = ImageName(
            name: values.textIfAny("finalImageName") ?? spec.imageName, tag: try values.text("finalImageTag"))
        spec.os = try values.text("os")
        spec.architecture = HostArchitecture.goName(of: try values.text("arch"))
        spec.tlsVerify = try values.flag("tlsVerify")
        return spec
    }

    /// The members of a spec file that has the same values.
    var members: [String: JSONValue] {
        [
            "imageName": .string(imageName), "imageDigest": .string("\(imageDigest)"), "sha256": .string("\(hash)"),
            "finalImageName": finalName.name.map { .string($0) } ?? .null,
            "finalImageTag": finalName.tag.map { .string($0) } ?? .null,
            "os": .string(os), "arch": .string(architecture), "tlsVerify": .bool(tlsVerify),
        ]
    }
}
