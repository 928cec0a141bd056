import Archives
import Digests
import Failures
import Images
import Registry

/// Finds out what it takes to pull an image again: `nix-prefetch-docker`'s work.
public struct Prefetch: Sendable {
    private let request: PullRequest
    private let surroundings: Surroundings
    private let reporter: any Reporter

    /// - Parameters:
    ///   - name: `NAME`, `NAME:TAG` or `NAME@DIGEST`.
    ///   - tag: its tag, where the name has none.
    ///   - digest: its digest, likewise.
    /// - Throws: `Failure` with code `usage` for a malformed name, or one with two tags or digests.
    public init(
        _ name: String, tag: String?, digest: String?, choices: PullChoices, surroundings: Surroundings,
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
        (self.surroundings, self.reporter) = (surroundings, reporter)
    }

    private static func twice(_ what: String, _ name: String) -> Failure {
        Failure(
            .usage, "cannot prefetch '\(name)'", why: "it is given two \(what)s",
            advice: "give the \(what) once, behind the name or on its own")
    }

    /// Brings the image, and writes down what pins it.
    ///
    /// - Throws: `Failure` with code `data` if there is none, `unavailable` where the registry does not give it.
    public func text(_ syntax: PinSyntax) async throws -> String {
        defer { reporter.finish() }
        let pulled = try await PulledImage(request, surroundings, reporter)
        return PinnedImage(
            imageName: request.imageName, imageDigest: pulled.digest,
            sha256: try pulled.archiveHash(progress: reporter), finalName: request.finalName,
            os: request.platform.os, architecture: request.platform.architecture,
            tlsVerify: surroundings.registries.tlsVerify
        ).text(syntax)
    }
}
