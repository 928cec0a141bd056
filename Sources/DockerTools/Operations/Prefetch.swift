import Errors
import JSON
public import OCI
import Registry

extension DockerTools {
    /// Finds the values that pin an image of a registry, as `nix-prefetch-docker` does.
    ///
    /// - Parameters:
    ///   - name: `NAME`, `NAME:TAG` or `NAME@DIGEST`.
    ///   - tag: the tag; nil: the one of the name, else `latest`.
    ///   - digest: the digest; nil: the one of the name, else any.
    /// - Throws: `ToolError`: `usage` for a malformed name or two tags or digests, `data` if the image does not exist,
    ///   `unavailable` if the registry fails.
    public func prefetch(
        _ name: String, tag: String? = nil, digest: String? = nil, _ choices: PullChoices = PullChoices()
    ) async throws -> PinnedImage {
        try await run {
            let request = try choices.applied(to: PullRequest(prefetching: name, tag: tag, digest: digest))
            let pulled = try await PulledImage.fetch(request, context)
            return PinnedImage(
                imageName: request.imageName, imageDigest: pulled.digest, sha256: try pulled.archiveHash(),
                finalName: request.finalName, os: request.platform.os, architecture: request.platform.architecture,
                tlsVerify: context.registries.tlsVerify)
        }
    }
}

extension PullRequest {
    /// The image of a name with a separate tag or digest.
    fileprivate init(prefetching name: String, tag: String?, digest: String?) throws {
        try self.init(name)
        // nix-prefetch-docker uses this machine's processor, unlike pullImage.
        platform.architecture = HostArchitecture.name
        if let tag {
            guard reference.tag == nil else { throw Self.twice("tag", name) }
            reference.tag = try RegistryReference("\(imageName):\(tag)").tag
            finalName.tag = tag
        }
        if let digest {
            guard reference.digest == nil else { throw Self.twice("digest", name) }
            reference.digest = try RegistryReference("\(imageName)@\(digest)").digest
        }
    }

    private static func twice(_ part: String, _ name: String) -> ToolError {
        ToolError(
            .usage, "cannot prefetch '\(name)'", cause: "it has two \(part)s",
            remedy: "give the \(part) once, in the name or separately")
    }
}

/// The syntax of a pinned image.
public enum PinSyntax: String, CaseIterable, Sendable {
    /// A Nix set, as `nix-prefetch-docker` prints it.
    case nix
    /// A JSON object, which is also a spec for `pull`.
    case json
    /// TOML, which is also a spec for `pull`.
    case toml
}

/// An image of a registry with the values that pin its bytes: the arguments of nixpkgs' `pullImage`.
public struct PinnedImage: Hashable, Sendable {
    /// The name in the registry, without tag and digest.
    public var imageName: String
    /// The digest of the manifest, or of the index.
    public var imageDigest: Digest
    /// The hash of the docker-archive.
    public var sha256: Digest
    /// The name and tag in the docker-archive.
    package var finalName: ImageName
    /// The operating system.
    public var os: String
    /// The processor by Go's name.
    public var architecture: String
    /// Whether the certificate of the registry is verified.
    public var tlsVerify: Bool

    /// The arguments in the order and the spelling of `nix-prefetch-docker`, followed by those that differ from `pullImage`'s
    /// defaults.
    private var arguments: [(name: String, value: JSONValue)] {
        var arguments: [(name: String, value: JSONValue)] = [
            ("imageName", .string(imageName)), ("imageDigest", .string("\(imageDigest)")),
            ("sha256", .string(sha256.nixBase32)), ("finalImageName", .string(finalName.name ?? "")),
            ("finalImageTag", .string(finalName.tag ?? "")),
        ]
        for (name, value) in [
            ("os", JSONValue.string(os)), ("arch", .string(architecture)), ("tlsVerify", .bool(tlsVerify)),
        ]
        where value != SpecKey.named(name)?.defaultValue {
            arguments.append((name, value))
        }
        return arguments
    }

    /// The arguments with one line for each.
    public func text(_ syntax: PinSyntax) -> String {
        switch syntax {
        case .nix: "{\n" + arguments.map { "  \($0) = \(Self.nix($1));\n" }.joined() + "}\n"
        case .json: "{\n" + arguments.map { "  \"\($0)\": \($1.canonical)" }.joined(separator: ",\n") + "\n}\n"
        // TOML has the escape sequences of JSON.
        case .toml: arguments.map { "\($0) = \($1.canonical)\n" }.joined()
        }
    }

    /// A value in the Nix language, in whose strings `${` begins an expression.
    private static func nix(_ value: JSONValue) -> String {
        value.canonical.replacing("${", with: "\\${")
    }
}
