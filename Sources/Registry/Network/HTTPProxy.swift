import AsyncHTTPClient

/// A proxy that connections go through.
public struct HTTPProxy: Equatable, Sendable {
    /// How one talks to it.
    public enum Kind: Sendable {
        /// It is asked to CONNECT.
        case http
        /// SOCKS 5, without a user; the proxy looks up the names.
        case socks5
    }

    public let kind: Kind
    /// A name or an address, without brackets.
    public let host: String
    public let port: Int
    /// Who asks the proxy; SOCKS proxies are asked by nobody in particular.
    public let credentials: Credentials

    /// The same for async-http-client.
    var configuration: HTTPClient.Configuration.Proxy {
        switch kind {
        case .socks5: return .socksServer(host: host, port: port)
        case .http:
            guard case .password(let user, let password) = credentials else { return .server(host: host, port: port) }
            return .server(
                host: host, port: port, authorization: .basic(username: user, password: password.text))
        }
    }
}
