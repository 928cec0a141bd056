import Errors
import Synchronization

/// Registry credentials. Neither messages nor dumps of a value show the secrets.
package enum Credentials: Equatable, Sendable {
    /// Anonymous access.
    case none
    /// A user name and a password.
    case password(user: String, password: Secret)
    /// An OAuth 2 refresh token, which the token server exchanges for access tokens (distribution, "OAuth2 Token
    /// Authentication").
    case identityToken(Secret)
    /// A bearer token that is sent to the registry unchanged.
    case registryToken(Secret)
}

extension Credentials {
    /// Parses `USER:PASSWORD`. The password may contain colons, the user may not.
    ///
    /// - Throws: `ToolError` with code `usage`, which does not repeat the text.
    package init(parsing text: String) throws {
        guard let colon = text.firstIndex(of: ":"), colon > text.startIndex else {
            throw ToolError(
                .usage, "cannot use the given credentials", cause: "they are not of the form USER:PASSWORD",
                remedy: "write \(.credentials) USER:PASSWORD, with a colon in between")
        }
        self = .password(user: String(text[..<colon]), password: Secret(String(text[text.index(after: colon)...])))
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible {
    /// The kind of the credentials, without their secrets.
    package var description: String {
        switch self {
        case .none: "no credentials"
        case .password: "a user name and a password"
        case .identityToken: "an identity token"
        case .registryToken: "a registry token"
        }
    }

    /// The same as `description`: a debugger shows no secrets either.
    package var debugDescription: String { description }
}

/// Credentials that are looked up when a registry requests them, and once at most: a helper program may ask its user.
package final class DeferredCredentials: Sendable {
    private let found = Mutex<Credentials?>(nil)
    private let search: @Sendable () throws -> Credentials

    /// - Parameter search: looks the credentials up; it may block.
    package init(_ search: @escaping @Sendable () throws -> Credentials) {
        self.search = search
    }

    /// Credentials that are known.
    package convenience init(_ credentials: Credentials) {
        self.init { credentials }
    }

    /// The credentials.
    ///
    /// - Throws: the errors of the search.
    func load() throws -> Credentials {
        try found.withLock { found in
            if let found { return found }
            let credentials = try search()
            found = credentials
            return credentials
        }
    }
}

/// A password or token that no print, interpolation or dump shows.
package struct Secret: Equatable, Sendable {
    /// The secret text, for the request that sends it.
    package let text: String

    /// Wraps a secret text.
    package init(_ text: String) {
        self.text = text
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// A placeholder for the text.
    package var description: String { "(secret)" }
    /// A placeholder for the text.
    package var debugDescription: String { description }
    /// A mirror without children, so that `dump` does not show the text.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The key of a registry in files of credentials.
struct RegistryKey {
    /// The name of Docker Hub in image names.
    static let dockerHub = "docker.io"
    /// docker's own key for Docker Hub, from version 1 of the registry protocol.
    static let dockerHubURL = "https://index.docker.io/v1/"

    /// The registry: `ghcr.io`, `127.0.0.1:5000`.
    let host: String
    /// The repository, `team/image`; empty for the registry as a whole.
    let repository: String

    init(host: String, repository: String = "") {
        self.host = Self.canonical(host.lowercased())
        self.repository = repository
    }

    /// The keys under which the credentials may be stored, the most specific first: `host/team/image`, `host/team`,
    /// `host` (containers-auth.json(5)).
    var candidates: [String] {
        var parts = [host] + repository.split(separator: "/").map(String.init)
        var keys: [String] = []
        while !parts.isEmpty {
            keys.append(parts.joined(separator: "/"))
            parts.removeLast()
        }
        return keys
    }

    /// Converts a key of a file to the form of `candidates`: without scheme and protocol version, and with one name for
    /// Docker Hub.
    ///
    /// A key with a scheme stands for its host only, as in docker; a key without one may include a repository, as in
    /// podman.
    static func normalized(_ key: String) -> String {
        var rest = key[...]
        for scheme in ["https://", "http://"] where rest.lowercased().hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count).prefix { $0 != "/" }
        }
        while rest.hasSuffix("/") { rest.removeLast() }
        for version in ["/v1", "/v2"] where rest.hasSuffix(version) { rest.removeLast(version.count) }
        let host = rest.prefix { $0 != "/" }
        return canonical(host.lowercased()) + rest.dropFirst(host.count)
    }

    /// Replaces the aliases of Docker Hub, which all have the same users.
    private static func canonical(_ host: String) -> String {
        ["index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"].contains(host) ? dockerHub : host
    }
}
