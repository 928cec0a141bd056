import Errors
import Registry
import Synchronization
package import SystemPackage

/// Settings for access to registries. Defaults are looked up in the configuration of docker and podman.
public struct RegistryAccess: Sendable {
    /// The registry that `credentials`, `tlsVerify` and the client certificate are for; nil: the first registry that is
    /// contacted.
    public private(set) var registry: String?
    /// `USER:PASSWORD`; nil: the stored credentials of this machine are used.
    public var credentials: String?
    /// A file with credentials that replaces all other files; nil: the files of docker and podman.
    package var authFile: FilePath?
    /// A directory with CA certificates and the client's certificate; nil: the directories of docker and podman.
    package var certDir: FilePath?
    /// Whether the certificate of `registry` is verified. If not, http without TLS is allowed as well.
    public var tlsVerify = true
    /// The time after which a silent server counts as failed, in seconds.
    public var timeout = 60.0
    /// The number of times that a failed request is repeated.
    public var retries = 4
    /// Registries that are asked before those of the images, in order. Pushes do not use them.
    public var mirrors: [RegistryMirror] = []
    private let first = FirstRegistry()

    /// Creates the default settings.
    public init() {}

    /// The registry that was contacted first, shared by all copies of one access.
    private final class FirstRegistry: Sendable {
        let name = Mutex<String?>(nil)
    }
}

extension RegistryAccess {
    /// Chooses the registry that settings for a single registry apply to.
    ///
    /// - Parameter references: names of images, with or without `docker://`.
    /// - Throws: `ToolError` with code `usage` if the names are of several registries, and there is a setting for a single
    ///   registry.
    package mutating func choose(among references: [String]) throws {
        var registries: [String] = []
        for registry in try references.map({ try RegistryReference($0).registry }) where !registries.contains(registry)
        {
            registries.append(registry)
        }
        registry = registries.first
        guard registries.count > 1, credentials != nil || !tlsVerify else { return }
        let use = credentials != nil ? "use the credentials for" : "disable TLS verification of"
        throw ToolError(
            .usage, "cannot \(use) several registries",
            cause: "the images are of \(registries.joined(separator: " and ")), and the setting is for one of them",
            remedy: "log in to the registries, or pull the images one by one")
    }

    /// Returns settings for one registry without TLS verification. Credentials and certificates for another registry are
    /// removed.
    func unverified(_ registry: String) -> RegistryAccess {
        var access = self
        if !means(registry) { (access.credentials, access.certDir) = (nil, nil) }
        (access.registry, access.tlsVerify) = (registry, false)
        return access
    }

    /// Returns settings for a registry that none of the settings for a single registry are for.
    func unmeant(_ registry: String) -> RegistryAccess {
        var access = self
        (access.credentials, access.certDir) = (nil, nil)
        (access.registry, access.tlsVerify) = (registry, true)
        return access
    }

    /// The registry that settings for a single registry apply to.
    ///
    /// - Parameter other: the registry that is contacted now.
    func meant(asking other: String) -> String {
        registry
            ?? first.name.withLock { name in
                if name == nil { name = other }
                return name ?? other
            }
    }

    /// Returns whether settings for a single registry apply to a registry that is contacted now.
    func means(_ other: String) -> Bool { meant(asking: other) == other }
}

extension Context {
    /// Creates a client for the registry of a name, with the user's credentials.
    ///
    /// - Parameter task: the message of errors: `cannot pull docker.io/library/redis:7`.
    /// - Throws: `ToolError` with code `unavailable` for a blocked registry; for invalid credentials, certificates or
    ///   proxies.
    func registryClient(for reference: RegistryReference, task: String) throws -> RegistryClient {
        let isInsecure = try registryRule(for: reference, task: task)?.isInsecure ?? false
        let access = isInsecure ? registries.unverified(reference.registry) : registries
        return try client(for: reference, task: task, access)
    }

    /// Creates a client for the registry of a name.
    func client(
        for reference: RegistryReference, task: String, _ access: RegistryAccess
    ) throws -> RegistryClient {
        let isMeant = access.means(reference.registry)
        let credentials: DeferredCredentials
        if isMeant, let given = access.credentials {
            credentials = DeferredCredentials(try Credentials(parsing: given))
        } else {
            credentials = storedCredentials(for: reference)
        }
        let named = try RegistryEndpoint.named(access.meant(asking: reference.registry), task: task)
        let certificates = TrustStore(
            registry: named, isVerified: access.tlsVerify, certDir: access.certDir, environment: environment,
            currentDirectory: currentDirectory)
        let proxies = ProxyEnvironment(environment)
        let transport = HTTPTransport { origin in
            try HTTPSettings(origin, certificates: certificates, proxies: proxies, timeout: access.timeout)
        }
        return RegistryClient(
            reference.registry, task: task, transport: transport,
            settings: RegistrySettings(
                credentials: credentials, tlsVerify: access.tlsVerify || !isMeant,
                retries: RetryPolicy(count: access.retries)))
    }

    /// The credentials that docker and podman stored, which are searched when the registry requests them.
    private func storedCredentials(for reference: RegistryReference) -> DeferredCredentials {
        let store = CredentialStore(
            authFile: registries.authFile, environment: environment, currentDirectory: currentDirectory,
            groups: processGroups
        ) { [reporter] in reporter.warn($0) }
        return DeferredCredentials {
            try waiting { try await store.credentials(for: reference.registry, repository: reference.repository) }
        }
    }

    /// The cache of blobs.
    var blobCache: BlobCache {
        BlobCache(in: cacheDirectory, spool: spool) { [reporter] in reporter.note($0) }
    }

    /// The image of a name in a registry.
    ///
    /// - Throws: `ToolError` with code `data` if the image does not exist, `unavailable` if the registry fails.
    func registryImage(_ reference: RegistryReference, task: String) throws -> RegistryImage {
        let places = try registryPlaces(for: reference, task: task)
        return try RegistryImage(reference, places, cache: blobCache, progress: reporter)
    }
}
