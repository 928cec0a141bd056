import Digests
import Failures
import Images
import Tar

/// The name of an image in a registry.
///
/// Source: the grammar of distribution/reference, and Docker's short names: `redis` is `docker.io/library/redis`.
public struct RegistryReference: Hashable, Sendable {
    /// The registry as people name it: `docker.io`, `127.0.0.1:5000`, `[::1]:5000`.
    public let registry: String
    /// `library/redis`
    public let repository: String
    public var tag: String?
    public var digest: Digest?

    /// - Parameter text: `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`, with or without `docker://` before it.
    /// - Throws: `Failure` with code `usage` that says what is wrong with it.
    public init(_ text: String) throws {
        var rest = Self.withoutScheme(text)
        func fault(_ why: String) -> Failure {
            Failure(
                .usage, "cannot use the name '\(TarName.printable(Array(text.utf8)))'", why: why,
                advice: "name an image as in redis:7, registry.example:5000/team/app:1.0 or app@sha256:…")
        }
        if let at = rest.firstIndex(of: "@") {
            guard let digest = Digest(rest[rest.index(after: at)...]) else {
                throw fault("what is behind @ is no digest: 'sha256:' and 64 digits 0-9 a-f")
            }
            self.digest = digest
            rest = rest[..<at]
        }
        let written = ImageName(String(rest))
        if let tag = written.tag, !ReferenceName.isTag(tag) {
            throw fault("'\(TarName.printable(Array(tag.utf8)))' is no tag: letters, digits, and _.- behind the first")
        }
        tag = written.tag
        let name = ImageName(name: written.name, tag: nil).full.name ?? ""
        var parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let registry = parts.removeFirst()
        guard ReferenceName.isHost(registry.lowercased()[...]) else { throw fault("it names no registry") }
        guard !parts.isEmpty, parts.allSatisfy(ReferenceName.isComponent) else {
            throw fault("it is not of the grammar of names")
        }
        guard parts.joined() == parts.joined().lowercased() else {
            throw fault("names of repositories are in lower case")
        }
        self.registry = registry.lowercased()
        repository = parts.joined(separator: "/")
        guard name.utf8.count <= 255 else { throw fault("it has more than 255 characters") }
    }

    /// What the command line writes before the names of images in registries.
    public static let scheme = "docker://"

    /// A name as it may be written, without `docker://` before it.
    public static func withoutScheme(_ text: String) -> Substring {
        text.hasPrefix(scheme) ? text.dropFirst(scheme.count) : text[...]
    }

    /// The name without tag and digest, its registry before it.
    public var name: String { "\(registry)/\(repository)" }

    /// What a manifest is asked for by: the digest, which nobody can change, else the tag, else `latest`.
    public var manifest: String { digest?.description ?? tag ?? "latest" }

    /// The image by another tag, or by a digest.
    public func with(tag: String? = nil, digest: Digest? = nil) -> RegistryReference {
        var other = self
        (other.tag, other.digest) = (tag, digest)
        return other
    }
}

extension RegistryReference: CustomStringConvertible {
    public var description: String { name + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "") }
}
