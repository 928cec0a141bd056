import Errors
import Registry
import Synchronization
import SystemPackage

/// How the user wants registries to be reached. What is left out is looked up where docker and podman look it up.
package struct RegistryAccess: Sendable {
    /// The registry that `credentials` and `tlsVerify` are meant for, and the client's own certificate; nil for the first
    /// that is asked, the one that a spec names.
    package private(set) var registry: String?
    /// `USER:PASSWORD`, in place of what is kept on this machine.
    package var credentials: String?
    /// The file with credentials that is read in place of all others.
    package var authFile: FilePath?
    /// The directory with certificates of authorities, and the client's own.
    package var certDir: FilePath?
    /// False: the named registry's certificate is not looked at, and plain http will do.
    package var tlsVerify = true
    /// Seconds that a server may be silent.
    package var timeout = 60.0
    /// How often a request is sent again.
    package var retries = 4
    private let first = FirstRegistry()

    package init() {}

    /// Knows what all copies of one access asked first: several specs may name several registries.
    private final class FirstRegistry: Sendable {
        let name = Mutex<String?>(nil)
    }
}

extension RegistryAccess {
    /// Chooses the registry that is meant by what is said for one alone.
    ///
    /// - Parameter references: what the command line names, with or without `docker://`.
    /// - Throws: `ToolError` with code `usage` if they are of several registries, and there is something for one alone.
    package mutating func choose(among references: [String]) throws {
        var registries: [String] = []
        for registry in try references.map({ try RegistryReference($0).registry }) where !registries.contains(registry)
        {
            registries.append(registry)
        }
        registry = registries.first
        guard registries.count > 1, credentials != nil || !tlsVerify else { return }
        let option = credentials != nil ? "--creds" : "--tls-verify=false"
        throw ToolError(
            .usage, "cannot use \(option) for several registries",
            cause: "the images are of \(registries.joined(separator: " and ")), and it is meant for one of them",
            remedy: "log in to the registries, or pull the images one by one")
    }

    /// The same, but for one registry, whose certificate is not looked at: what is meant for another is kept from it.
    func unverified(_ registry: String) -> RegistryAccess {
        var access = self
        if !means(registry) { (access.credentials, access.certDir) = (nil, nil) }
        (access.registry, access.tlsVerify) = (registry, false)
        return access
    }

    /// The registry that is meant by what is said for one alone, as this one is to be asked.
    func meant(asking other: String) -> String {
        registry
            ?? first.name.withLock { name in
                if name == nil { name = other }
                return name ?? other
            }
    }

    /// Whether what is said for one registry is meant for this one, which is to be asked.
    func means(_ other: String) -> Bool { meant(asking: other) == other }
}

extension Context {
    /// Speaks with the registry of a name. Looks up who the user is there.
    ///
    /// - Parameter task: what fails, in errors: `cannot pull docker.io/library/redis:7`.
    /// - Throws: `ToolError` for credentials, certificates or proxies that are not what they should be.
    func registryClient(for reference: RegistryReference, task: String) async throws -> RegistryClient {
        let access = registries
        let isMeant = access.means(reference.registry)
        let credentials: Credentials
        if isMeant, let given = access.credentials {
            credentials = try Credentials(parsing: given)
        } else {
            credentials = try await CredentialStore(
                authFile: access.authFile, environment: environment, currentDirectory: currentDirectory,
                groups: processGroups
            ).credentials(for: reference.registry, repository: reference.repository)
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

    /// The blobs that were brought before.
    func blobCache(_ reporter: any Reporter) -> BlobCache {
        BlobCache(directory: cacheDirectory, spool: spool) { reporter.note($0) }
    }

    /// The image of a name in a registry.
    ///
    /// - Throws: `ToolError` with code `data` if there is none, `unavailable` where the registry does not give it.
    func registryImage(
        _ reference: RegistryReference, task: String, _ reporter: any Reporter
    ) async throws -> RegistryImage {
        let client = try await registryClient(for: reference, task: task)
        return try RegistryImage(reference, client, cache: blobCache(reporter), progress: reporter)
    }
}
