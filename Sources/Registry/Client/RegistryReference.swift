import ByteIO
import Errors
import Foundation
import OCI

/// The name of an image in a registry.
///
/// Source: the grammar of distribution/reference, and Docker's short names: `redis` is `docker.io/library/redis`.
package struct RegistryReference: Hashable, Sendable {
    /// The registry as people name it: `docker.io`, `127.0.0.1:5000`, `[::1]:5000`.
    package let registry: String
    /// `library/redis`
    package let repository: String
    package var tag: String?
    package var digest: Digest?

    /// - Parameter text: `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`, with or without `docker://` before it.
    /// - Throws: `ToolError` with code `usage` that says what is wrong with it.
    package init(_ text: String) throws {
        var rest = Self.withoutScheme(text)
        func fault(_ cause: String) -> ToolError {
            ToolError(
                .usage, "cannot use the name '\(TerminalText.printable(Array(text.utf8)))'", cause: cause,
                remedy: "name an image as in redis:7, registry.example:5000/team/app:1.0 or app@sha256:…")
        }
        if let at = rest.firstIndex(of: "@") {
            guard let digest = Digest(rest[rest.index(after: at)...]) else {
                throw fault("what is behind @ is no digest: 'sha256:' and 64 digits 0-9 a-f")
            }
            self.digest = digest
            rest = rest[..<at]
        }
        let written = ImageName(String(rest))
        if let tag = written.tag, !ReferenceGrammar.isTag(tag) {
            throw fault(
                "'\(TerminalText.printable(Array(tag.utf8)))' is no tag: letters, digits, and _.- behind the first")
        }
        tag = written.tag
        let name = ImageName(name: written.name, tag: nil).full.name ?? ""
        var parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let registry = parts.removeFirst()
        guard ReferenceGrammar.isHost(registry.lowercased()[...]) else { throw fault("it names no registry") }
        guard !parts.isEmpty, parts.allSatisfy(ReferenceGrammar.isComponent) else {
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
    package static let scheme = "docker://"

    /// A name as it may be written, without `docker://` before it.
    package static func withoutScheme(_ text: String) -> Substring {
        text.hasPrefix(scheme) ? text.dropFirst(scheme.count) : text[...]
    }

    /// The name without tag and digest, its registry before it.
    package var name: String { "\(registry)/\(repository)" }

    /// What a manifest is asked for by: the digest, which nobody can change, else the tag, else `latest`.
    package var manifest: String { digest?.description ?? tag ?? "latest" }

    /// The image by another tag, or by a digest.
    package func with(tag: String? = nil, digest: Digest? = nil) -> RegistryReference {
        var other = self
        (other.tag, other.digest) = (tag, digest)
        return other
    }
}

extension RegistryReference: CustomStringConvertible {
    package var description: String { name + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "") }
}

/// Where a registry is, by its name.
package enum RegistryEndpoint {
    /// Docker Hub's name is not that of its registry.
    private static let hubs = ["docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"]

    /// Where it may be, the first first: by https; also without TLS on this machine, where nobody listens in, and where the
    /// certificate is not asked for. On this machine plain http comes first: some servers there wait for ever for the end
    /// of a request that is none.
    static func candidates(_ registry: String, tlsVerify: Bool, task: String) throws -> [HTTPOrigin] {
        let secure = try origin(registry, .https, task)
        if let host = secure.host, RedirectPolicy.isLoopback(host) {
            return [try origin(registry, .http, task), secure]
        }
        return tlsVerify ? [secure] : [secure, try origin(registry, .http, task)]
    }

    /// The registry as those know it who look after certificates.
    ///
    /// - Throws: `ToolError` with code `usage` if the name is none of a host.
    package static func named(_ registry: String, task: String) throws -> NamedRegistry {
        guard case .web(_, let host, let port) = try origin(registry, .https, task) else { throw fault(registry, task) }
        return NamedRegistry(name: registry, host: host, port: port)
    }

    private static func origin(_ registry: String, _ scheme: HTTPScheme, _ task: String) throws -> HTTPOrigin {
        guard let address = HTTPURL("\(scheme.rawValue)://\(hubs[registry] ?? registry)/") else {
            throw fault(registry, task)
        }
        return address.origin
    }

    private static func fault(_ registry: String, _ task: String) -> ToolError {
        ToolError(
            .usage, task, cause: "'\(registry)' is no registry's host and port",
            remedy: "name one as in registry.example:5000")
    }
}
