import Failures
import Images
import Registry
import SystemPackage

extension Surroundings {
    /// Speaks with the registry of a name. Looks up who the user is there.
    ///
    /// - Parameter task: what fails, in errors: `cannot pull docker.io/library/redis:7`.
    /// - Throws: `Failure` for credentials, certificates or proxies that are not what they should be.
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
        let certificates = TrustedCertificates(
            registry: named, isVerified: access.tlsVerify, certDir: access.certDir, environment: environment,
            currentDirectory: currentDirectory)
        let proxies = ProxyEnvironment(environment)
        let transport = HTTPTransport { origin in
            try HTTPSettings(origin, certificates: certificates, proxies: proxies, patience: access.timeout)
        }
        return RegistryClient(
            reference.registry, task: task, transport: transport,
            settings: RegistrySettings(
                credentials: credentials, tlsVerify: access.tlsVerify || !isMeant,
                retries: RetryPolicy(count: access.retries)))
    }

    /// The blobs that were brought before.
    func blobCache(_ reporter: any Reporter) -> BlobCache {
        BlobCache(folder: cacheFolder, spool: spool) { reporter.note($0) }
    }

    /// The image of a name in a registry.
    ///
    /// - Throws: `Failure` with code `data` if there is none, `unavailable` where the registry does not give it.
    func registryImage(
        _ reference: RegistryReference, task: String, _ reporter: any Reporter
    ) async throws -> RegistryImage {
        let client = try await registryClient(for: reference, task: task)
        return try RegistryImage(reference, client, cache: blobCache(reporter), progress: reporter)
    }
}
