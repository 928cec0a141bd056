import Errors
import Registry

/// A registry that has the images of another registry, or of a part of it, and is asked first.
public struct RegistryMirror: Hashable, Sendable {
    /// The beginning of the names of the images: `docker.io`, `quay.io/team`.
    public var prefix: String
    /// What replaces the beginning: `mirror.example:5000`, `mirror.example/hub`.
    public var location: String
    /// Whether http, and https with any certificate, is accepted.
    public var isInsecure: Bool

    /// Creates a mirror.
    public init(of prefix: String, at location: String, isInsecure: Bool = false) {
        self.prefix = prefix
        self.location = location
        self.isInsecure = isInsecure
    }

    /// Parses `HOST=MIRROR`: each a registry, or a registry with the first parts of repositories' names. The mirror may have
    /// `https://` before it, or `http://`, which makes it insecure.
    ///
    /// - Throws: `ToolError` with code `usage`.
    package init(parsing text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { throw Self.invalid(text, "it has no =") }
        var location = parts[1][...]
        let scheme = ["http://", "https://"].first(where: location.hasPrefix)
        location = location.dropFirst(scheme?.count ?? 0)
        if location.hasSuffix("/") { location.removeLast() }
        self.init(of: parts[0], at: String(location), isInsecure: scheme == "http://")
        for place in [prefix, self.location] {
            // A name without a dot, a colon or `localhost` at its beginning is one of Docker Hub.
            let image = "\(place)/team/app"
            guard let reference = try? RegistryReference(image), reference.name == image else {
                throw Self.invalid(text, "'\(place)' is not a registry with its host name")
            }
        }
    }

    private static func invalid(_ text: String, _ cause: String) -> ToolError {
        ToolError(
            .usage, "cannot use the mirror '\(text)'", cause: cause,
            remedy:
                "write the registry and its mirror as in docker.io=mirror.example or quay.io=mirror.example:5000/quay")
    }
}

extension Context {
    /// The places of a repository's images: its mirrors, and the registry itself.
    ///
    /// The mirrors of `registries` come before those that podman's configuration has.
    ///
    /// - Parameter task: the message of errors: `cannot pull docker.io/library/redis:7`.
    /// - Throws: `ToolError` with code `unavailable` for a blocked registry; for invalid credentials, certificates, proxies
    ///   and configurations.
    func registryPlaces(for reference: RegistryReference, task: String) throws -> RegistryPlaces {
        let rule = try registryRule(for: reference, task: task)
        var mirrors: [RegistryPlace] = []
        for mirror in registries.mirrors {
            guard let name = RepositoryPrefix(mirror.prefix).moved(reference.name, to: mirror.location) else {
                continue
            }
            mirrors.append(try place(at: name, isInsecure: mirror.isInsecure, of: reference, task))
        }
        for mirror in rule?.mirrors ?? [] where mirror.use.includes(reference) {
            let name = rule.flatMap { RepositoryPrefix($0.prefix).moved(reference.name, to: mirror.location) }
            guard let name else { continue }
            mirrors.append(try place(at: name, isInsecure: mirror.isInsecure, of: reference, task))
        }
        return RegistryPlaces(mirrors: mirrors, own: try ownPlace(of: reference, rule, task)) { [reporter] in
            reporter.note($0)
        }
    }

    /// The rule of the configuration for a repository; nil if there is none.
    ///
    /// - Throws: `ToolError` with code `unavailable` if the rule blocks the repository.
    func registryRule(for reference: RegistryReference, task: String) throws -> RegistriesConfiguration.Rule? {
        let rule = try RegistriesConfiguration.read(self).rule(for: reference.name)
        guard let rule, rule.isBlocked else { return rule }
        throw ToolError(
            .unavailable, task, cause: "'\(rule.file)' blocks \(rule.prefix)",
            remedy: "use another registry, or change that file")
    }

    /// The repository of an image, or the one that the configuration has in its place.
    private func ownPlace(
        of reference: RegistryReference, _ rule: RegistriesConfiguration.Rule?, _ task: String
    ) throws -> RegistryPlace {
        let moved = rule.flatMap { rule in
            rule.location.flatMap { RepositoryPrefix(rule.prefix).moved(reference.name, to: $0) }
        }
        guard let moved, moved != reference.name else {
            return RegistryPlace(reference.repository, try registryClient(for: reference, task: task))
        }
        return try place(at: moved, isInsecure: rule?.isInsecure ?? false, of: reference, task, isMirror: false)
    }

    private func place(
        at name: String, isInsecure: Bool, of reference: RegistryReference, _ task: String, isMirror: Bool = true
    ) throws -> RegistryPlace {
        guard let place = try? RegistryReference(name), place.name == name else {
            throw ToolError(
                .data, task, cause: "the configuration has the location \(name) for it, which is not a valid name",
                remedy: "correct the mirror or the location of the registry")
        }
        let access = registries.other(
            place.registry, than: reference.registry, isInsecure: isInsecure, isMirror: isMirror)
        return RegistryPlace(place.repository, try client(for: place, task: task, access))
    }
}

extension RegistriesConfiguration.Use {
    /// Whether a mirror is used for a name.
    fileprivate func includes(_ reference: RegistryReference) -> Bool {
        switch self {
        case .all: true
        case .digests: reference.digest != nil
        case .tags: reference.digest == nil
        }
    }
}

extension RegistryAccess {
    /// The number of times that a failed request to a mirror is repeated: the next place may be quicker.
    private static let mirrorRetries = 1

    /// Returns settings for a registry that is used in place of another one.
    ///
    /// Settings for a single registry do not apply to it unless it is that registry, so credentials stay with the registry
    /// that they were given for.
    fileprivate func other(
        _ host: String, than original: String, isInsecure: Bool, isMirror: Bool
    ) -> RegistryAccess {
        var access = meant(asking: original) == host ? self : unmeant(host)
        if isInsecure { access.tlsVerify = false }
        if isMirror { access.retries = min(retries, Self.mirrorRetries) }
        return access
    }
}
