import ByteIO
import Errors
import Foundation
package import OCI

/// The name of an image in a registry.
///
/// Source: the grammar of distribution/reference, with Docker's short names: `redis` is `docker.io/library/redis`.
package struct RegistryReference: Hashable, Sendable {
    /// The registry as in image names: `docker.io`, `127.0.0.1:5000`, `[::1]:5000`.
    package let registry: String
    /// The repository: `library/redis`.
    package let repository: String
    /// The tag; nil if the name has none.
    package var tag: String?
    /// The digest of the manifest; nil if the name has none.
    package var digest: Digest?

    /// Parses a name.
    ///
    /// - Parameter text: `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`, with or without the prefix `docker://`.
    /// - Throws: `ToolError` with code `usage`.
    package init(_ text: String) throws {
        var rest = Self.withoutScheme(text)
        func invalid(_ cause: String) -> ToolError {
            ToolError(
                .usage, "cannot use the name '\(TerminalText.printable(Array(text.utf8)))'", cause: cause,
                remedy: "name an image as in redis:7, registry.example:5000/team/app:1.0 or app@sha256:…")
        }
        if let at = rest.firstIndex(of: "@") {
            guard let digest = Digest(rest[rest.index(after: at)...]) else {
                throw invalid("the text after @ is not a digest: 'sha256:' and 64 digits 0-9 a-f")
            }
            self.digest = digest
            rest = rest[..<at]
        }
        let written = ImageName(String(rest))
        if let tag = written.tag, !ReferenceGrammar.isTag(tag) {
            throw invalid(
                "'\(TerminalText.printable(Array(tag.utf8)))' is not a valid tag: letters, digits and _.-, the first one not . or -"
            )
        }
        tag = written.tag
        let name = ImageName(name: written.name, tag: nil).full.name ?? ""
        var parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let registry = parts.removeFirst()
        guard ReferenceGrammar.isHost(registry.lowercased()[...]) else {
            throw invalid("its registry is not a valid host name")
        }
        guard !parts.isEmpty, parts.allSatisfy(ReferenceGrammar.isComponent) else {
            throw invalid("its repository is not a valid name")
        }
        guard parts.joined() == parts.joined().lowercased() else {
            throw invalid("names of repositories are in lower case")
        }
        self.registry = registry.lowercased()
        repository = parts.joined(separator: "/")
        guard name.utf8.count <= 255 else { throw invalid("it is longer than 255 characters") }
    }

    /// The prefix that distinguishes image names in registries from paths.
    package static let scheme = "docker://"

    /// Removes the prefix `docker://`, if there is one.
    package static func withoutScheme(_ text: String) -> Substring {
        text.hasPrefix(scheme) ? text.dropFirst(scheme.count) : text[...]
    }

    /// The registry and the repository, without tag and digest.
    package var name: String { "\(registry)/\(repository)" }

    /// The reference of the manifest in requests: the digest, which is immutable, else the tag, else `latest`.
    package var manifest: String { digest?.description ?? tag ?? "latest" }

    /// The same repository with another tag.
    ///
    /// - Throws: `ToolError` with code `usage` for an invalid tag.
    package func tagged(_ tag: String) throws -> RegistryReference { try RegistryReference("\(name):\(tag)") }

    /// The same repository with another tag or digest.
    package func with(tag: String? = nil, digest: Digest? = nil) -> RegistryReference {
        var other = self
        (other.tag, other.digest) = (tag, digest)
        return other
    }
}

extension RegistryReference: CustomStringConvertible {
    /// The complete name, with tag and digest.
    package var description: String { name + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "") }
}

/// The server of a registry, by the registry's name.
package enum RegistryEndpoint {
    /// The host names of registries whose name is not their host.
    private static let hubs = ["docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"]

    /// The servers to try, in order.
    ///
    /// Registries are reached by https. Unencrypted http is tried after it if certificates are not verified, and before
    /// it on loopback hosts, where nobody can eavesdrop: some servers without TLS never respond to a TLS handshake.
    ///
    /// - Throws: `ToolError` with code `usage` if the name is not a host and port.
    static func candidates(_ registry: String, tlsVerify: Bool, task: String) throws -> [HTTPOrigin] {
        let secure = try origin(registry, .https, task)
        if let host = secure.host, RedirectPolicy.isLoopback(host) {
            return [try origin(registry, .http, task), secure]
        }
        return tlsVerify ? [secure] : [secure, try origin(registry, .http, task)]
    }

    /// The registry with its host and port.
    ///
    /// - Throws: `ToolError` with code `usage` if the name is not a host and port.
    package static func named(_ registry: String, task: String) throws -> NamedRegistry {
        guard case .web(_, let host, let port) = try origin(registry, .https, task) else {
            throw invalid(registry, task)
        }
        return NamedRegistry(name: registry, host: host, port: port)
    }

    private static func origin(_ registry: String, _ scheme: HTTPScheme, _ task: String) throws -> HTTPOrigin {
        guard let url = HTTPURL("\(scheme.rawValue)://\(hubs[registry] ?? registry)/") else {
            throw invalid(registry, task)
        }
        return url.origin
    }

    private static func invalid(_ registry: String, _ task: String) -> ToolError {
        ToolError(
            .usage, task, cause: "'\(registry)' is not a registry's host and port",
            remedy: "name one as in registry.example:5000")
    }
}

/// A registry that the user named, with its server.
package struct NamedRegistry: Equatable, Sendable {
    /// The registry as in image names: `docker.io`, `127.0.0.1:5000`.
    package let name: String
    /// The host name of the server.
    package let host: String
    /// The port of the server, 1…65535.
    package let port: Int

    /// - Parameters:
    ///   - name: the registry as in image names.
    ///   - host: the host name of the server.
    ///   - port: the port of the server, 1…65535.
    package init(name: String, host: String, port: Int) {
        self.name = name
        self.host = host
        self.port = port
    }

    /// Whether a host and port are those of the registry.
    func isAt(host: String, port: Int) -> Bool {
        port == self.port && RedirectPolicy.normalized(host) == RedirectPolicy.normalized(self.host)
    }
}
