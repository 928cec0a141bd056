import Failures
import Foundation

/// The proxies that the environment names, by the rules of docker, podman and skopeo (golang.org/x/net/http/httpproxy), and
/// of curl for `all_proxy`.
public struct ProxyEnvironment: Sendable {
    private let environment: [String: String]
    private let exceptions: ProxyExceptions

    public init(_ environment: [String: String]) {
        self.environment = environment
        exceptions = ProxyExceptions(Self.value("NO_PROXY", environment)?.text ?? "")
    }

    /// The proxy for connections to a host, nil if it is reached without one. This machine itself always is.
    ///
    /// - Parameters:
    ///   - scheme: `http` or `https`.
    ///   - host: a name or an address, as in a URL.
    /// - Throws: `Failure` with code `usage` for a proxy that is not understood, or that this program cannot talk to. It
    ///   names the variable and never what stands in it.
    public func proxy(scheme: String, host: String, port: Int) throws -> HTTPProxy? {
        let named =
            Self.value("\(scheme.uppercased())_PROXY", environment) ?? Self.value("ALL_PROXY", environment)
        guard let named, !PrivateHosts.isLoopback(host), !exceptions.hold(host: host, port: port) else { return nil }
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

    private static func unable(_ variable: String, _ why: String) -> Failure {
        Failure(
            .usage, "cannot use the proxy that $\(variable) names", why: why,
            advice: "set the variable to http://HOST:PORT or socks5://HOST:PORT, or except hosts with $NO_PROXY")
    }
}
