import Failures
import Foundation

/// Where a registry is, by its name.
public enum RegistryEndpoint {
    /// Docker Hub's name is not that of its registry.
    private static let hubs = ["docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"]

    /// Where it may be, the first first: by https; also without TLS on this machine, where nobody listens in, and where the
    /// certificate is not asked for. On this machine plain http comes first: some servers there wait for ever for the end
    /// of a request that is none.
    static func candidates(_ registry: String, tlsVerify: Bool, task: String) throws -> [HTTPOrigin] {
        let secure = try origin(registry, .https, task)
        if let host = secure.host, PrivateHosts.isLoopback(host) { return [try origin(registry, .http, task), secure] }
        return tlsVerify ? [secure] : [secure, try origin(registry, .http, task)]
    }

    /// The registry as those know it who look after certificates.
    ///
    /// - Throws: `Failure` with code `usage` if the name is none of a host.
    public static func named(_ registry: String, task: String) throws -> NamedRegistry {
        guard case .web(_, let host, let port) = try origin(registry, .https, task) else { throw fault(registry, task) }
        return NamedRegistry(name: registry, host: host, port: port)
    }

    private static func origin(_ registry: String, _ scheme: HTTPScheme, _ task: String) throws -> HTTPOrigin {
        guard let address = HTTPAddress("\(scheme.rawValue)://\(hubs[registry] ?? registry)/") else {
            throw fault(registry, task)
        }
        return address.origin
    }

    private static func fault(_ registry: String, _ task: String) -> Failure {
        Failure(
            .usage, task, why: "'\(registry)' is no registry's host and port",
            advice: "name one as in registry.example:5000")
    }
}
