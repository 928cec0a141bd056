/// How a registry is reached, and the servers that it sends to.
public struct RegistryConnections: Sendable {
    private let trusted: TrustedCertificates
    private let proxies: ProxyEnvironment
    private let patience: Double

    /// - Parameter patience: seconds that a server may be silent.
    public init(trusted: TrustedCertificates, proxies: ProxyEnvironment, patience: Double) {
        self.trusted = trusted
        self.proxies = proxies
        self.patience = patience
    }

    /// The settings for one server. Certificates are read for https alone.
    ///
    /// - Throws: `Failure` for certificates that cannot be read, and proxies that cannot be used.
    public func settings(for origin: HTTPOrigin) throws -> HTTPSettings {
        let proxy = try proxies.proxy(for: origin)?.configuration
        guard origin.scheme == .https else { return HTTPSettings(proxy: proxy, patience: patience) }
        return HTTPSettings(tls: try trusted.configuration(for: origin), proxy: proxy, patience: patience)
    }
}
