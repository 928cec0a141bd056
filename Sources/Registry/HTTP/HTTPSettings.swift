import AsyncHTTPClient
import NIOSSL

/// How a server is reached.
public struct HTTPSettings: Sendable {
    /// What is trusted, for https.
    public var tls: TLSConfiguration
    /// Through what, if not directly.
    public var proxy: HTTPClient.Configuration.Proxy?
    /// Seconds that a connection may take, and that a server may be silent; it counts as silent that brings fewer than
    /// `leastBytes` in that time.
    public var patience: Double

    /// What no connection that is alive falls below: 1 KiB.
    static let leastBytes = 1024

    public init(
        tls: TLSConfiguration = .makeClientConfiguration(), proxy: HTTPClient.Configuration.Proxy? = nil,
        patience: Double = 60
    ) {
        self.tls = tls
        self.proxy = proxy
        self.patience = patience
    }

    /// How a server is reached where a registry is, or one that a registry leads to.
    ///
    /// - Throws: `Failure` for certificates or proxies that are not what they should be.
    public init(
        _ origin: HTTPOrigin, certificates: TrustedCertificates, proxies: ProxyEnvironment, patience: Double
    ) throws {
        self.init(patience: patience)
        guard case .web(let scheme, let host, let port) = origin else { return }
        if scheme == .https { tls = try certificates.configuration(host: host, port: port) }
        proxy = try proxies.proxy(scheme: scheme.rawValue, host: host, port: port)?.configuration
    }
}
