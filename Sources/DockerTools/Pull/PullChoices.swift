import Archives
import Digests
import Failures
import Images

/// What the command line says of an image to pull, besides its name: it goes before what a spec says.
public struct PullChoices: Sendable {
    /// In any form of Nix.
    public var sha256: String?
    public var os: String?
    public var arch: String?
    public var variant: String?
    public var finalImageName: String?
    public var finalImageTag: String?

    public init() {}

    /// The request as it is chosen.
    ///
    /// - Throws: `Failure` with code `usage` for what no spec could say either.
    func applied(to request: PullRequest) throws -> PullRequest {
        var request = request
        if let sha256 = try checked(sha256, "sha256", "--sha256") { request.hash = PinnedHash(sha256) }
        if let os = try checked(os, "os", "--os") { request.platform.os = os }
        if let arch = try checked(arch, "arch", "--arch") {
            request.platform.architecture = HostArchitecture.goName(of: arch)
        }
        if let variant = try checked(variant, "variant", "--variant") { request.platform.variant = variant }
        if let name = try checked(finalImageName, "finalImageName", "--final-image-name") {
            request.finalName.name = name
        }
        if let tag = try checked(finalImageTag, "finalImageTag", "--final-image-tag") { request.finalName.tag = tag }
        return request
    }

    /// An option's value, which has the type of a spec's key.
    private func checked(_ value: String?, _ key: String, _ option: String) throws -> String? {
        guard let value else { return nil }
        var report = SpecReport()
        SpecKey.named(key)?.type.check(.string(value), at: SpecPath(key), &report)
        if let fault = report.faults.first {
            throw Failure(
                .usage, "cannot take \(option) \(JSONValue.string(value).shortened)", why: fault.reason,
                advice: "correct the option")
        }
        return value
    }
}
