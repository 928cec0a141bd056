import Foundation
import Images

/// An absolute address: a server, and what is asked of it.
public struct HTTPAddress: Hashable, Sendable {
    public let origin: HTTPOrigin
    /// Path and query, percent-encoded; it begins with a slash.
    public let target: String

    /// - Parameter target: path and query, percent-encoded; it begins with a slash.
    public init(_ origin: HTTPOrigin, _ target: String) {
        self.origin = origin
        self.target = target
    }

    /// Nil unless `text` is an http or https URL of a host, without user and password.
    public init?(_ text: String) {
        guard let components = URLComponents(string: text) else { return nil }
        self.init(components)
    }

    /// The address that a Location or a link means where this one was asked for; nil if it is malformed, or no http.
    public func resolving(_ reference: String) -> HTTPAddress? {
        guard let url = URL(string: reference, relativeTo: URL(string: urlText)) else { return nil }
        if case .socket = origin {
            guard url.scheme == Self.socketScheme else { return HTTPAddress(url.absoluteString) }
            guard let components = URLComponents(url: url, resolvingAgainstBaseURL: true) else { return nil }
            return HTTPAddress(origin, Self.target(of: components))
        }
        return URLComponents(url: url, resolvingAgainstBaseURL: true).flatMap(HTTPAddress.init)
    }

    /// The same with one more field in its query.
    public func adding(_ name: String, _ value: String) -> HTTPAddress {
        let separator = target.contains("?") ? "&" : "?"
        return HTTPAddress(origin, "\(target)\(separator)\(name)=\(Self.encoded(value))")
    }

    /// A text as a part of a path or a query: all but letters, digits and `-._~` percent-encoded (RFC 3986, 2.3).
    public static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = ReferenceName.isAlphanumeric(byte) || "-._~".utf8.contains(byte)
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
        return name.utf8.allSatisfy { ReferenceName.isAlphanumeric($0) || "-._".utf8.contains($0) }
    }

    private static func target(of components: URLComponents) -> String {
        let path = components.percentEncodedPath.isEmpty ? "/" : components.percentEncodedPath
        return path + (components.percentEncodedQuery.map { "?\($0)" } ?? "")
    }
}

extension HTTPAddress: CustomStringConvertible {
    /// Without the query: that of a signed address is a credential.
    public var description: String { "\(origin)\(target.prefix { $0 != "?" })" }
}
