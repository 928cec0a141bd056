import Foundation
import OCI

/// An absolute http or https URL, or a request target on a unix socket.
package struct HTTPURL: Hashable, Sendable {
    /// The server.
    package let origin: HTTPOrigin
    /// The path and the query, percent-encoded; begins with a slash.
    package let target: String

    /// - Parameter target: the path and the query, percent-encoded; begins with a slash.
    package init(_ origin: HTTPOrigin, _ target: String) {
        self.origin = origin
        self.target = target
    }

    /// Parses an absolute URL.
    ///
    /// - Returns: nil unless `text` is an http or https URL with a host and without user and password.
    package init?(_ text: String) {
        guard let components = URLComponents(string: text) else { return nil }
        self.init(components)
    }

    /// Resolves the URL of a Location or Link header against this URL (RFC 3986, 5).
    ///
    /// - Returns: nil for a malformed URL and for other schemes.
    package func resolving(_ reference: String) -> HTTPURL? {
        guard let url = URL(string: reference, relativeTo: URL(string: text)) else { return nil }
        if case .socket = origin {
            guard url.scheme == Self.socketScheme else { return HTTPURL(url.absoluteString) }
            guard let components = URLComponents(url: url, resolvingAgainstBaseURL: true) else { return nil }
            return HTTPURL(origin, Self.target(of: components))
        }
        return URLComponents(url: url, resolvingAgainstBaseURL: true).flatMap(HTTPURL.init)
    }

    /// Adds a field to the query.
    package func adding(_ name: String, _ value: String) -> HTTPURL {
        let separator = target.contains("?") ? "&" : "?"
        return HTTPURL(origin, "\(target)\(separator)\(name)=\(Self.encoded(value))")
    }

    /// Percent-encodes a text for a path or a query: everything but letters, digits and `-._~` (RFC 3986, 2.3).
    package static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let isUnreserved = ReferenceGrammar.isAlphanumeric(byte) || "-._~".utf8.contains(byte)
            let hex = String(byte, radix: 16, uppercase: true)
            return isUnreserved ? String(UnicodeScalar(byte)) : "%" + (hex.count == 1 ? "0" : "") + hex
        }.joined()
    }

    /// The complete URL, with its query, in the form of async-http-client.
    var text: String {
        switch origin {
        case .web: "\(origin)\(target)"
        case .socket(let path): "\(Self.socketScheme)://\(Self.encoded(path))\(target)"
        }
    }

    private static let socketScheme = "http+unix"

    private init?(_ components: URLComponents) {
        guard let scheme = components.scheme.flatMap({ HTTPScheme(rawValue: $0.lowercased()) }),
            let host = components.host?.lowercased(), !host.isEmpty, components.user == nil, components.password == nil,
            (1...65535).contains(components.port ?? scheme.defaultPort),
            // Foundation reports no port for a number that is too large.
            components.port != nil || components.rangeOfPort == nil
        else { return nil }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let name = isBracketed ? String(host.dropFirst().dropLast()) : host
        guard Self.isHost(name), isBracketed == name.contains(":") else { return nil }
        origin = .web(scheme: scheme, host: name, port: components.port ?? scheme.defaultPort)
        target = Self.target(of: components)
    }

    /// Whether a host is a name or an address.
    ///
    /// `169.254.169.254%2F` decodes to neither; the redirect policy and the HTTP client would interpret it differently.
    private static func isHost(_ name: String) -> Bool {
        if name.contains(":") { return IPAddress(name) != nil }
        return name.utf8.allSatisfy { ReferenceGrammar.isAlphanumeric($0) || "-._".utf8.contains($0) }
    }

    private static func target(of components: URLComponents) -> String {
        let path = components.percentEncodedPath.isEmpty ? "/" : components.percentEncodedPath
        return path + (components.percentEncodedQuery.map { "?\($0)" } ?? "")
    }
}

extension HTTPURL: CustomStringConvertible {
    /// The URL without its query: the query of a signed URL is a credential.
    package var description: String { "\(origin)\(target.prefix { $0 != "?" })" }
}

/// The server of a URL. Connections, certificates and credentials belong to one server.
package enum HTTPOrigin: Hashable, Sendable {
    /// A web server.
    ///
    /// - Parameters:
    ///   - host: a name or an address in lower case, without brackets.
    ///   - port: 1…65535.
    case web(scheme: HTTPScheme, host: String, port: Int)
    /// A server on a unix socket with an absolute path.
    case socket(path: String)

    /// The host without its port; nil for a socket.
    package var host: String? {
        guard case .web(_, let host, _) = self else { return nil }
        return host
    }

    /// The scheme; nil for a socket.
    package var scheme: HTTPScheme? {
        guard case .web(let scheme, _, _) = self else { return nil }
        return scheme
    }
}

/// The scheme of a web server's URL.
package enum HTTPScheme: String, Hashable, Sendable {
    case http, https

    var defaultPort: Int { self == .http ? 80 : 443 }
}

extension HTTPOrigin: CustomStringConvertible {
    /// The origin as a URL, without the scheme's default port: `https://registry.example:5000`,
    /// `unix:///run/docker.sock`.
    package var description: String {
        switch self {
        case .web(let scheme, let host, let port):
            let name = host.contains(":") ? "[\(host)]" : host
            return "\(scheme.rawValue)://\(name)" + (port == scheme.defaultPort ? "" : ":\(port)")
        case .socket(let path): return "unix://\(path)"
        }
    }
}

/// Parses the authority of a URL: `HOST`, `HOST:PORT`, `[IPV6]` and `[IPV6]:PORT`.
package enum HostAndPort {
    /// Splits a text into host and port.
    ///
    /// - Returns: the host without brackets, and the port if there is one; nil if the text is invalid.
    package static func split(_ text: Substring) -> (host: String, port: Int?)? {
        var host = text
        var port: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            guard IPAddress(String(host)) != nil else { return nil }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        let isName = host.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "@") }
        guard isName, !host.isEmpty else { return nil }
        guard let port else { return (String(host), nil) }
        let isNumber = port.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isNumber, let number = Int(port), (1...65535).contains(number) else { return nil }
        return (String(host), number)
    }
}
