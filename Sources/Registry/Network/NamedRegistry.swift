/// The registry that the user named, and where it is.
public struct NamedRegistry: Equatable, Sendable {
    /// As images name it: `docker.io`, `127.0.0.1:5000`.
    public let name: String
    /// Where it is reached.
    public let host: String
    public let port: Int

    public init(name: String, host: String, port: Int) {
        self.name = name
        self.host = host
        self.port = port
    }

    /// Whether this is the place.
    func isAt(host: String, port: Int) -> Bool {
        port == self.port && PrivateHosts.plain(host) == PrivateHosts.plain(self.host)
    }
}
