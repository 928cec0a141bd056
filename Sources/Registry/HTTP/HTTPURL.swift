import Foundation
import OCI

/// An absolute address: a server, and what is asked of it.
package struct HTTPURL: Hashable, Sendable {
    package let origin: HTTPOrigin
    /// Path and query, percent-encoded; it begins with a slash.
    package let target: String

    /// - Parameter target: path and query, percent-encoded; it begins with a slash.
    package init(_ origin: HTTPOrigin, _ target: String) {
        self.origin = origin
        self.target = target
    }

    /// Nil unless `text` is an http or https URL of a host, without user and password.
    package init?(_ text: String) {
        guard let components = URLComponents(string: text) else { return nil }
        self.init(components)
    }

    /// The address that a Location or a link means where this one was asked for; nil if it is malformed, or no http.
    package func resolving(_ reference: String) -> HTTPURL? {
        guard let url = URL(string: reference, relativeTo: URL(string: urlText)) else { return nil }
        if case .socket = origin {
            guard url.scheme == Self.socketScheme else { return HTTPURL(url.absoluteString) }
            guard let components = URLComponents(url: url, resolvingAgainstBaseURL: true) else { return nil }
            return HTTPURL(origin, Self.target(of: components))
        }
        return URLComponents(url: url, resolvingAgainstBaseURL: true).flatMap(HTTPURL.init)
    }

    /// The same with one more field in its query.
    package func adding(_ name: String, _ value: String) -> HTTPURL {
        let separator = target.contains("?") ? "&" : "?"
        return HTTPURL(origin, "\(target)\(separator)\(name)=\(Self.encoded(value))")
    }

    /// A text as a part of a path or a query: all but letters, digits and `-._~` percent-encoded (RFC 3986, 2.3).
    package static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = ReferenceGrammar.isAlphanumeric(byte) || "-._~".utf8.contains(byte)
            let hex = String(byte, radix: 16, uppercase: true)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + (hex.count == 1 ? "0" : "") + hex
        }.joined()
    }

    /// As the HTTP client wants it.
    var urlText: String {
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
            // A number that is too large for it has no port there.
            components.port != nil || components.rangeOfPort == nil
        else { return nil }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let name = isBracketed ? String(host.dropFirst().dropLast()) : host
        guard Self.isHost(name), isBracketed == name.contains(":") else { return nil }
        origin = .web(scheme: scheme, host: name, port: components.port ?? scheme.defaultPort)
        target = Self.target(of: components)
    }

    /// Whether a host is a name or an address. `169.254.169.254%2F` is decoded to what is neither, and would be taken for
    /// the one thing by those who look where it leads, and for another by those who connect.
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
    /// Without the query: that of a signed address is a credential.
    package var description: String { "\(origin)\(target.prefix { $0 != "?" })" }
}

/// The server that a request goes to: what connections, certificates and credentials belong to.
package enum HTTPOrigin: Hashable, Sendable {
    /// - Parameters:
    ///   - host: a name or an address in lower case, that of IPv6 without brackets.
    ///   - port: 1 to 65535.
    case web(scheme: HTTPScheme, host: String, port: Int)
    /// The absolute path of a unix socket.
    case socket(path: String)

    /// The host without its port; nil for a socket.
    package var host: String? {
        guard case .web(_, let host, _) = self else { return nil }
        return host
    }

    /// Nil for a socket.
    package var scheme: HTTPScheme? {
        guard case .web(let scheme, _, _) = self else { return nil }
        return scheme
    }
}

/// How a web server is spoken to.
package enum HTTPScheme: String, Hashable, Sendable {
    case http, https

    var defaultPort: Int { self == .http ? 80 : 443 }
}

extension HTTPOrigin: CustomStringConvertible {
    /// `https://registry.example:5000`, without the port that the scheme has anyhow; `unix:///run/docker.sock`.
    package var description: String {
        switch self {
        case .web(let scheme, let host, let port):
            let name = host.contains(":") ? "[\(host)]" : host
            return "\(scheme.rawValue)://\(name)" + (port == scheme.defaultPort ? "" : ":\(port)")
        case .socket(let path): return "unix://\(path)"
        }
    }
}

/// `HOST`, `HOST:PORT`, `[IPV6]` and `[IPV6]:PORT`, as they stand in URLs.
package enum HostAndPort {
    /// - Returns: the host without brackets, and the port if there is one; nil if the text is none of the four.
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
