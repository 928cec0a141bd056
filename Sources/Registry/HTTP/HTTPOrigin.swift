/// The server that a request goes to: what connections, certificates and credentials belong to.
public enum HTTPOrigin: Hashable, Sendable {
    /// - Parameters:
    ///   - host: a name or an address in lower case, that of IPv6 without brackets.
    ///   - port: 1 to 65535.
    case web(scheme: HTTPScheme, host: String, port: Int)
    /// The absolute path of a unix socket.
    case socket(path: String)

    /// The host without its port; nil for a socket.
    public var host: String? {
        guard case .web(_, let host, _) = self else { return nil }
        return host
    }

    /// Nil for a socket.
    public var scheme: HTTPScheme? {
        guard case .web(let scheme, _, _) = self else { return nil }
        return scheme
    }
}

/// How a web server is spoken to.
public enum HTTPScheme: String, Hashable, Sendable {
    case http, https

    var defaultPort: Int { self == .http ? 80 : 443 }
}

extension HTTPOrigin: CustomStringConvertible {
    /// `https://registry.example:5000`, without the port that the scheme has anyhow; `unix:///run/docker.sock`.
    public var description: String {
        switch self {
        case .web(let scheme, let host, let port):
            let name = host.contains(":") ? "[\(host)]" : host
            return "\(scheme.rawValue)://\(name)" + (port == scheme.defaultPort ? "" : ":\(port)")
        case .socket(let path): return "unix://\(path)"
        }
    }
}
