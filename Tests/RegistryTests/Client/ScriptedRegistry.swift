import Foundation
@testable import Registry
import TestSupport

/// A registry of one manifest that a test's rule admits to.
struct ScriptedRegistry {
    static let manifest = #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"}"#

    let server: ScriptedServer

    /// - Parameter admission: what is answered to a request that may not come in; nil for one that may.
    init(
        host: String = "127.0.0.1", _ admission: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Answer?
    ) throws {
        server = try ScriptedServer(host: host) { request in
            admission(request)
                ?? ScriptedServer.Answer(
                    200, [("Content-Type", "application/vnd.oci.image.manifest.v1+json")], text: Self.manifest)
        }
    }

    /// Those that came with an Authorization header: `METHOD PATH HEADER`.
    static func authorized(_ server: ScriptedServer) -> [String] {
        server.requests.compactMap { request in
            request.headers["authorization"].map { "\(request.method) \(request.path) \($0)" }
        }
    }

    static func challenge(_ challenge: String) -> ScriptedServer.Answer {
        ScriptedServer.Answer(401, [("WWW-Authenticate", challenge)], text: "")
    }

    /// A client of it that asks but once.
    func client(_ credentials: Credentials = .none, redirectPolicy: RedirectPolicy = RedirectPolicy()) -> RegistryClient
    {
        RegistryClient(
            server.authority, task: "cannot pull", transport: HTTPTransport { _ in HTTPSettings(timeout: 5) },
            settings: RegistrySettings(
                credentials: credentials, retries: RetryPolicy(count: 0), redirectPolicy: redirectPolicy))
    }
}

extension String {
    var basic: String { "Basic " + Data(utf8).base64EncodedString() }
}
