import AsyncHTTPClient
import Errors
import Foundation

/// A proxy that connections go through.
package struct HTTPProxy: Equatable, Sendable {
    /// How one talks to it.
    package enum Kind: Sendable {
        /// It is asked to CONNECT.
        case http
        /// SOCKS 5, without a user; the proxy looks up the names.
        case socks5
    }

    package let kind: Kind
    /// A name or an address, without brackets.
    package let host: String
    package let port: Int
    /// Who asks the proxy; SOCKS proxies are asked by nobody in particular.
    package let credentials: Credentials

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

/// The proxies that the environment names, by the rules of docker, podman and skopeo (golang.org/x/net/http/httpproxy), and
/// of curl for `all_proxy`.
package struct ProxyEnvironment: Sendable {
    private let environment: [String: String]
    private let exceptions: NoProxyRules

    package init(_ environment: [String: String]) {
        self.environment = environment
        exceptions = NoProxyRules(Self.value("NO_PROXY", environment)?.text ?? "")
    }

    /// The proxy for connections to a host, nil if it is reached without one. This machine itself always is.
    ///
    /// - Parameters:
    ///   - scheme: `http` or `https`.
    ///   - host: a name or an address, as in a URL.
    /// - Throws: `ToolError` with code `usage` for a proxy that is not understood, or that this program cannot talk to. It
    ///   names the variable and never what stands in it.
    package func proxy(scheme: String, host: String, port: Int) throws -> HTTPProxy? {
        let named =
            Self.value("\(scheme.uppercased())_PROXY", environment) ?? Self.value("ALL_PROXY", environment)
        guard let named, !RedirectPolicy.isLoopback(host), !exceptions.hold(host: host, port: port) else { return nil }
        return try Self.parse(named.text, variable: named.variable)
    }

    /// The value under the name in upper case, else in lower case, in which Go looks for it; an empty one counts for none.
    private static func value(
        _ name: String, _ environment: [String: String]
    ) -> (variable: String, text: String)? {
        for variable in [name, name.lowercased()] {
            if let text = environment[variable], !text.isEmpty { return (variable, text) }
        }
        return nil
    }

    /// Reads `[SCHEME://][USER:PASSWORD@]HOST[:PORT]`.
    private static func parse(_ text: String, variable: String) throws -> HTTPProxy {
        var rest = text[...]
        var scheme = "http"
        if let separator = text.firstRange(of: "://") {
            scheme = text[..<separator.lowerBound].lowercased()
            rest = text[separator.upperBound...]
        }
        rest = rest.prefix { !"/?#".contains($0) }
        let kind: HTTPProxy.Kind
        switch scheme {
        case "http": kind = .http
        case "socks5", "socks5h": kind = .socks5
        case "https": throw unable(variable, "it is reached by https, which this program does not do")
        default: throw unable(variable, "its scheme is neither http nor socks5")
        }
        var credentials = Credentials.none
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let decoded = parts.map { String($0).removingPercentEncoding }
            guard let user = decoded[0], let password = decoded.count == 2 ? decoded[1] : "" else {
                throw unable(variable, "its user or password has a '%' without two hexadecimal digits behind it")
            }
            guard kind == .http || user.isEmpty else {
                throw unable(variable, "it is a SOCKS proxy with a user, which this program does not do")
            }
            if !user.isEmpty { credentials = .password(user: user, password: Secret(password)) }
            rest = rest[rest.index(after: at)...]
        }
        guard let (host, port) = HostAndPort.split(rest), !host.isEmpty else {
            throw unable(variable, "it is not of the form http://HOST:PORT")
        }
        return HTTPProxy(
            kind: kind, host: host, port: port ?? (kind == .http ? 80 : 1080), credentials: credentials)
    }

    private static func unable(_ variable: String, _ cause: String) -> ToolError {
        ToolError(
            .usage, "cannot use the proxy that $\(variable) names", cause: cause,
            remedy: "set the variable to http://HOST:PORT or socks5://HOST:PORT, or except hosts with $NO_PROXY")
    }
}

/// The hosts that `NO_PROXY` excepts: a list, with commas, of names, addresses and networks, or `*` for all. A name means
/// the names below it too, `.name` and `*.name` those below it alone. A name or address may have a port. What is none of
/// these is passed over (golang.org/x/net/http/httpproxy).
struct NoProxyRules {
    private enum Rule {
        case all
        case network(IPAddress, bits: Int)
        case address(IPAddress, port: Int?)
        case name(String, belowAlone: Bool, port: Int?)
    }

    private let rules: [Rule]

    init(_ text: String) {
        rules = text.split(separator: ",").compactMap { Self.rule($0) }
    }

    func hold(host: String, port: Int) -> Bool {
        let host = RedirectPolicy.plain(host)
        let address = IPAddress(host)
        return rules.contains { rule in
            switch rule {
            case .all: true
            case .network(let network, let bits): address?.begins(with: network, bits: bits) ?? false
            case .address(let other, let only): address == other && (only ?? port) == port
            case .name(let name, let belowAlone, let only):
                (host.hasSuffix("." + name) || (!belowAlone && host == name)) && (only ?? port) == port
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
        return .name(RedirectPolicy.plain(String(name)), belowAlone: name.count != host.count, port: port)
    }
}

extension [String: String] {
    /// The value of an environment variable; nil for one that is not set, or to nothing.
    package func variable(_ name: String) -> String? { self[name].flatMap { $0.isEmpty ? nil : $0 } }
}
