/// The registry that the user named, and where it is.
public struct NamedRegistry: Equatable, Sendable {
    /// As images name it: `docker.io`, `127.0.0.1:5000`.
    public let name: String
    /// Where it is reached.
    public let origin: HTTPOrigin

    public init(name: String, origin: HTTPOrigin) {
        self.name = name
        self.origin = origin
    }
}
