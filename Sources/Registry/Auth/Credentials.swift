import Errors

/// What shows a registry who asks. The secrets show up nowhere: not in a message, not in what dumps the value.
package enum Credentials: Equatable, Sendable {
    /// Nothing: the registry is asked as anybody may ask it.
    case none
    /// A user's name and password.
    case password(user: String, password: Secret)
    /// A token that the token server gives other tokens for: OAuth 2's refresh token (Docker Registry v2 authentication
    /// via OAuth 2).
    case identityToken(Secret)
    /// A bearer token that goes to the registry as it is.
    case registryToken(Secret)
}

extension Credentials {
    /// Reads what `--creds` is given: `USER:PASSWORD`. The password may hold colons, the user may not.
    ///
    /// - Throws: `ToolError` with code `usage`, which does not repeat the text.
    package init(parsing text: String) throws {
        guard let colon = text.firstIndex(of: ":"), colon > text.startIndex else {
            throw ToolError(
                .usage, "cannot take the credentials of --creds", cause: "they are not of the form USER:PASSWORD",
                remedy: "give both, with a colon between them")
        }
        self = .password(user: String(text[..<colon]), password: Secret(String(text[text.index(after: colon)...])))
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible {
    /// What kind they are, and nothing of what they are.
    package var description: String {
        switch self {
        case .none: "no credentials"
        case .password: "a user's name and password"
        case .identityToken: "an identity token"
        case .registryToken: "a registry token"
        }
    }

    package var debugDescription: String { description }
}

/// Text that is shown to nobody: a password, a token. Whatever prints it, even what dumps a value that holds it, prints
/// that it is there and no more.
package struct Secret: Equatable, Sendable {
    /// The text, for the one who has to send it.
    package let text: String

    package init(_ text: String) {
        self.text = text
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "(secret)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// How the names of registries stand in the files that hold credentials.
struct RegistryKey {
    /// The name that Docker Hub has for people, and that its images have in front.
    static let dockerHub = "docker.io"
    /// The key that docker itself has for Docker Hub, from the first version of the protocol.
    static let dockerHubURL = "https://index.docker.io/v1/"

    /// A registry, `ghcr.io` or `127.0.0.1:5000`, as the files are asked for it.
    let host: String
    /// The repository in it, `team/image`; empty for the registry as such.
    let repository: String

    init(host: String, repository: String = "") {
        self.host = Self.oneName(host.lowercased())
        self.repository = repository
    }

    /// The keys that the credentials may stand under, the closest first: `host/team/image`, `host/team`, `host`
    /// (containers-auth.json(5)).
    var candidates: [String] {
        var parts = [host] + repository.split(separator: "/").map(String.init)
        var keys: [String] = []
        while !parts.isEmpty {
            keys.append(parts.joined(separator: "/"))
            parts.removeLast()
        }
        return keys
    }

    /// A file's key as the candidates are written: without `https://`, the version of the protocol, and with one name
    /// for Docker Hub.
    ///
    /// A URL means its host alone, as docker takes it; a key without `https://` may name repositories, as podman
    /// writes it.
    static func normalized(_ key: String) -> String {
        var rest = key[...]
        for scheme in ["https://", "http://"] where rest.lowercased().hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count).prefix { $0 != "/" }
        }
        while rest.hasSuffix("/") { rest.removeLast() }
        for version in ["/v1", "/v2"] where rest.hasSuffix(version) { rest.removeLast(version.count) }
        let host = rest.prefix { $0 != "/" }
        return oneName(host.lowercased()) + rest.dropFirst(host.count)
    }

    /// Docker Hub goes by several names, and keeps one list of users.
    private static func oneName(_ host: String) -> String {
        ["index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"].contains(host) ? dockerHub : host
    }
}
