/// The registry that the user named, and where it is.
package struct NamedRegistry: Equatable, Sendable {
    /// As images name it: `docker.io`, `127.0.0.1:5000`.
    package let name: String
    /// Where it is reached.
    package let host: String
    package let port: Int

    package init(name: String, host: String, port: Int) {
        self.name = name
        self.host = host
        self.port = port
    }

    /// Whether this is the place.
    func isAt(host: String, port: Int) -> Bool {
        port == self.port && RedirectPolicy.plain(host) == RedirectPolicy.plain(self.host)
    }
}
