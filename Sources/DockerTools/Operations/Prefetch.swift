import Errors
import JSON
import OCI
import Registry

/// Finds out what it takes to pull an image again: `nix-prefetch-docker`'s work.
package struct Prefetch: Sendable {
    private let request: PullRequest
    private let context: Context
    private let reporter: any Reporter

    /// - Parameters:
    ///   - name: `NAME`, `NAME:TAG` or `NAME@DIGEST`.
    ///   - tag: its tag, where the name has none.
    ///   - digest: its digest, likewise.
    /// - Throws: `ToolError` with code `usage` for a malformed name, or one with two tags or digests.
    package init(
        _ name: String, tag: String?, digest: String?, choices: PullChoices, context: Context,
        reporter: any Reporter
    ) throws {
        var request = try PullRequest(name)
        // As nix-prefetch-docker has it; pullImage's own default is another one.
        request.platform.architecture = HostArchitecture.name
        if let tag {
            guard request.reference.tag == nil else { throw Self.twice("tag", name) }
            request.reference.tag = try RegistryReference("\(request.imageName):\(tag)").tag
            request.finalName.tag = tag
        }
        if let digest {
            guard request.reference.digest == nil else { throw Self.twice("digest", name) }
            request.reference.digest = try RegistryReference("\(request.imageName)@\(digest)").digest
        }
        self.request = try choices.applied(to: request)
        (self.context, self.reporter) = (context, reporter)
    }

    private static func twice(_ what: String, _ name: String) -> ToolError {
        ToolError(
            .usage, "cannot prefetch '\(name)'", cause: "it is given two \(what)s",
            remedy: "give the \(what) once, behind the name or on its own")
    }

    /// Brings the image, and writes down what pins it.
    ///
    /// - Throws: `ToolError` with code `data` if there is none, `unavailable` where the registry does not give it.
    package func text(_ syntax: PinSyntax) async throws -> String {
        defer { reporter.finish() }
        let pulled = try await PulledImage(request, context, reporter)
        return PinnedImage(
            imageName: request.imageName, imageDigest: pulled.digest,
            sha256: try pulled.archiveHash(progress: reporter), finalName: request.finalName,
            os: request.platform.os, architecture: request.platform.architecture,
            tlsVerify: context.registries.tlsVerify
        ).text(syntax)
    }
}

/// How the arguments of `pullImage` are written.
package enum PinSyntax: String, CaseIterable, Sendable {
    /// A set, as `nix-prefetch-docker` prints it.
    case nix
    /// An object, which is also a spec for `pull`.
    case json
    /// A spec for `pull`.
    case toml
}

/// An image of a registry with all that it takes to pull the same bytes again: the arguments of nixpkgs' `pullImage`.
struct PinnedImage: Hashable, Sendable {
    var imageName: String
    var imageDigest: Digest
    /// Of the docker-archive.
    var sha256: Digest
    /// What it is called in that, name and tag.
    var finalName: ImageName
    var os: String
    /// By Go's name.
    var architecture: String
    var tlsVerify: Bool

    /// The arguments as `nix-prefetch-docker` has them, in its order and its spelling; then those that are not `pullImage`'s
    /// defaults, without which it would pull another image.
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

    /// The arguments, a line each.
    func text(_ syntax: PinSyntax) -> String {
        switch syntax {
        case .nix: "{\n" + arguments.map { "  \($0) = \(Self.nix($1));\n" }.joined() + "}\n"
        case .json: "{\n" + arguments.map { "  \"\($0)\": \($1.canonical)" }.joined(separator: ",\n") + "\n}\n"
        // What JSON escapes in a string TOML escapes in the same way.
        case .toml: arguments.map { "\($0) = \($1.canonical)\n" }.joined()
        }
    }

    /// A value in Nix's language: in its strings `${` begins an expression.
    private static func nix(_ value: JSONValue) -> String {
        value.canonical.replacing("${", with: "\\${")
    }
}
