/// How registries are asked.
public struct RegistrySettings: Sendable {
    /// What shows who asks.
    public var credentials: Credentials
    /// False if the registry's certificate is not looked at, and plain http will do.
    public var tlsVerify: Bool
    public var retries: RetryPolicy
    public var privateHosts: PrivateHosts

    public init(
        credentials: Credentials = .none, tlsVerify: Bool = true, retries: RetryPolicy = RetryPolicy(),
        privateHosts: PrivateHosts = PrivateHosts()
    ) {
        self.credentials = credentials
        self.tlsVerify = tlsVerify
        self.retries = retries
        self.privateHosts = privateHosts
    }
}
