import AsyncHTTPClient
import Errors
import Foundation

/// A proxy that connections go through.
package struct HTTPProxy: Equatable, Sendable {
    /// The protocol of a proxy.
    package enum Kind: Sendable {
        /// HTTP with the CONNECT method.
        case http
        /// SOCKS 5 without authentication; the proxy resolves host names.
        case socks5
    }

    /// The protocol of the proxy.
    package let kind: Kind
    /// A name or an address, without brackets.
    package let host: String
    /// The port of the proxy, 1…65535.
    package let port: Int
    /// The credentials for the proxy; always `.none` for SOCKS.
    package let credentials: Credentials

    /// The proxy in the form of async-http-client.
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

extension HTTPProxy {
    /// Reads `[SCHEME://][USER:PASSWORD@]HOST[:PORT]`.
    ///
    /// - Parameter variable: the environment variable with the text, for errors.
    /// - Throws: `ToolError` with code `usage`, which does not repeat the text.
    fileprivate init(parsing text: String, variable: String) throws {
        var rest = text[...]
        var scheme = "http"
        if let separator = text.firstRange(of: "://") {
            scheme = text[..<separator.lowerBound].lowercased()
            rest = text[separator.upperBound...]
        }
        rest = rest.prefix { !"/?#".contains($0) }
        switch scheme {
        case "http": kind = .http
        case "socks5", "socks5h": kind = .socks5
        case "https": throw Self.error(variable, "connecting to a proxy by https is not supported")
        default: throw Self.error(variable, "its scheme is neither http nor socks5")
        }
        if let at = rest.lastIndex(of: "@") {
            credentials = try Self.credentials(rest[..<at], kind, variable)
            rest = rest[rest.index(after: at)...]
        } else {
            credentials = .none
        }
        guard let (host, port) = HostAndPort.split(rest), !host.isEmpty else {
            throw Self.error(variable, "it is not of the form http://HOST:PORT")
        }
        self.host = host
        self.port = port ?? (kind == .http ? 80 : 1080)
    }

    /// Reads `USER:PASSWORD`, both percent-encoded.
    private static func credentials(_ text: Substring, _ kind: Kind, _ variable: String) throws -> Credentials {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let decoded = parts.map { String($0).removingPercentEncoding }
        guard let user = decoded[0], let password = decoded.count == 2 ? decoded[1] : "" else {
            throw error(variable, "its user or password has a '%' that two hexadecimal digits do not follow")
        }
        guard kind == .http || user.isEmpty else {
            throw error(variable, "a user for a SOCKS proxy is not supported")
        }
        return user.isEmpty ? .none : .password(user: user, password: Secret(password))
    }

    private static func error(_ variable: String, _ cause: String) -> ToolError {
        ToolError(
            .usage, "cannot use the proxy in $\(variable)", cause: cause,
            remedy: "set the variable to http://HOST:PORT or socks5://HOST:PORT, or list the host in $NO_PROXY")
    }
}

/// The proxies that the environment variables name, by the rules of docker, podman and skopeo
/// (golang.org/x/net/http/httpproxy), and of curl for `all_proxy`.
package struct ProxyEnvironment: Sendable {
    private let environment: [String: String]
    private let exceptions: NoProxyRules

    /// - Parameter environment: the environment variables.
    package init(_ environment: [String: String]) {
        self.environment = environment
        exceptions = NoProxyRules(Self.value("NO_PROXY", environment)?.text ?? "")
    }

    /// The proxy for connections to a host; nil for a direct connection. Loopback hosts never have a proxy.
    ///
    /// - Parameters:
    ///   - scheme: `http` or `https`.
    ///   - host: a name or an address, as in a URL.
    /// - Throws: `ToolError` with code `usage` for an invalid or unsupported proxy. The error names the variable and
    ///   does not repeat its value.
    package func proxy(scheme: String, host: String, port: Int) throws -> HTTPProxy? {
        let found = Self.value("\(scheme.uppercased())_PROXY", environment) ?? Self.value("ALL_PROXY", environment)
        guard let found, !RedirectPolicy.isLoopback(host), !exceptions.match(host: host, port: port) else { return nil }
        return try HTTPProxy(parsing: found.text, variable: found.variable)
    }

    /// The value of the variable in upper case, else in lower case (the order in which Go looks). An empty variable
    /// counts as unset.
    private static func value(
        _ name: String, _ environment: [String: String]
    ) -> (variable: String, text: String)? {
        for variable in [name, name.lowercased()] {
            if let text = environment[variable], !text.isEmpty { return (variable, text) }
        }
        return nil
    }
}

/// The hosts that `NO_PROXY` lists: names, addresses and networks with commas between them, or `*` for all hosts.
///
/// A name stands for itself and its subdomains, `.name` and `*.name` for the subdomains only. A name or an address may
/// have a port. Invalid entries are ignored (golang.org/x/net/http/httpproxy).
struct NoProxyRules {
    private enum Rule {
        case all
        case network(IPAddress, bits: Int)
        case address(IPAddress, port: Int?)
        case name(String, subdomainsOnly: Bool, port: Int?)
    }

    private let rules: [Rule]

    init(_ text: String) {
        rules = text.split(separator: ",").compactMap { Self.rule($0) }
    }

    /// Whether a host and port are listed.
    func match(host: String, port: Int) -> Bool {
        let host = RedirectPolicy.normalized(host)
        let address = IPAddress(host)
        return rules.contains { rule in
            switch rule {
            case .all: true
            case .network(let network, let bits): address?.hasPrefix(network, bits: bits) ?? false
            case .address(let other, let only): address == other && (only ?? port) == port
            case .name(let name, let subdomainsOnly, let only):
                (host.hasSuffix("." + name) || (!subdomainsOnly && host == name)) && (only ?? port) == port
            }
        }
    }

    private static func rule(_ entry: Substring) -> Rule? {
        let text = entry.trimmingPrefix(while: \.isWhitespace).lowercased()
        let word = text[..<(text.lastIndex { !$0.isWhitespace }.map { text.index(after: $0) } ?? text.startIndex)]
        if word == "*" { return .all }
        if let slash = word.firstIndex(of: "/") {
            guard let network = IPAddress(String(word[..<slash])), let bits = Int(word[word.index(after: slash)...]),
                (0...network.bytes.count * 8).contains(bits)
            else { return nil }
            return .network(network, bits: bits)
        }
        if let address = IPAddress(String(word)) { return .address(address, port: nil) }
        guard let (host, port) = HostAndPort.split(word) else { return nil }
        if let address = IPAddress(host) { return .address(address, port: port) }
        let name = host.hasPrefix("*.") ? host.dropFirst(2) : host.hasPrefix(".") ? host.dropFirst() : host[...]
        guard !name.isEmpty else { return nil }
        return .name(
            RedirectPolicy.normalized(String(name)), subdomainsOnly: name.count != host.count, port: port)
    }
}

extension [String: String] {
    /// The value of an environment variable; nil if the variable is unset or empty.
    package func variable(_ name: String) -> String? { self[name].flatMap { $0.isEmpty ? nil : $0 } }
}
