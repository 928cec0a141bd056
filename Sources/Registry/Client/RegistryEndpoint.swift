import Failures
import Foundation

/// Where a registry is, by its name.
enum RegistryEndpoint {
    /// Docker Hub's name is not that of its registry.
    private static let hubs = ["docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"]

    /// Where it may be, the first first: by https; also without TLS on this machine, where nobody listens in, and where the
    /// certificate is not asked for. On this machine plain http comes first: some servers there wait for ever for the end
    /// of a request that is none.
    static func candidates(_ registry: String, tlsVerify: Bool, task: String) throws -> [HTTPOrigin] {
        let name = hubs[registry] ?? registry
        func origin(_ scheme: HTTPScheme) throws -> HTTPOrigin {
            guard let address = HTTPAddress("\(scheme.rawValue)://\(name)/") else {
                throw Failure(
                    .usage, task, why: "'\(registry)' is no registry's host and port",
                    advice: "name one as in registry.example:5000")
            }
            return address.origin
        }
        let secure = try origin(.https)
        if let host = secure.host, PrivateHosts.isLoopback(host) { return [try origin(.http), secure] }
        return tlsVerify ? [secure] : [secure, try origin(.http)]
    }
}
