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
