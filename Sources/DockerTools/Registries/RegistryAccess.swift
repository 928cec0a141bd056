import SystemPackage

/// How the user wants registries to be reached. What is left out is looked up where docker and podman look it up.
public struct RegistryAccess: Sendable {
    /// `USER:PASSWORD`, in place of what is kept on this machine.
    public var credentials: String?
    /// The file with credentials that is read in place of all others.
    public var authFile: FilePath?
    /// The folder with certificates of authorities, and the client's own.
    public var certDir: FilePath?
    /// False: the named registry's certificate is not looked at, and plain http will do.
    public var tlsVerify = true
    /// Seconds that a server may be silent.
    public var timeout = 60.0
    /// How often a request is sent again.
    public var retries = 4

    public init() {}
}
