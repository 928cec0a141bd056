import Failures
import Registry
import Synchronization
import SystemPackage

/// How the user wants registries to be reached. What is left out is looked up where docker and podman look it up.
public struct RegistryAccess: Sendable {
    /// The registry that `credentials` and `tlsVerify` are meant for, and the client's own certificate; nil for the first
    /// that is asked, the one that a spec names.
    public private(set) var registry: String?
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
    private let first = FirstRegistry()

    public init() {}

    /// Knows what all copies of one access asked first: several specs may name several registries.
    private final class FirstRegistry: Sendable {
        let name = Mutex<String?>(nil)
    }
}

extension RegistryAccess {
    /// Chooses the registry that is meant by what is said for one alone.
    ///
    /// - Parameter references: what the command line names, with or without `docker://`.
    /// - Throws: `Failure` with code `usage` if they are of several registries, and there is something for one alone.
    public mutating func choose(among references: [String]) throws {
        var registries: [String] = []
        for registry in try references.map({ try RegistryReference($0).registry }) where !registries.contains(registry)
        {
            registries.append(registry)
        }
        registry = registries.first
        guard registries.count > 1, credentials != nil || !tlsVerify else { return }
        let option = credentials != nil ? "--creds" : "--tls-verify=false"
        throw Failure(
            .usage, "cannot use \(option) for several registries",
            why: "the images are of \(registries.joined(separator: " and ")), and it is meant for one of them",
            advice: "log in to the registries, or pull the images one by one")
    }

    /// The same, but for one registry, whose certificate is not looked at: what is meant for another is kept from it.
    func unverified(_ registry: String) -> RegistryAccess {
        var access = self
        if !means(registry) { (access.credentials, access.certDir) = (nil, nil) }
        (access.registry, access.tlsVerify) = (registry, false)
        return access
    }

    /// The registry that is meant by what is said for one alone, as this one is to be asked.
    func meant(asking other: String) -> String {
        registry
            ?? first.name.withLock { name in
                if name == nil { name = other }
                return name ?? other
            }
    }

    /// Whether what is said for one registry is meant for this one, which is to be asked.
    func means(_ other: String) -> Bool { meant(asking: other) == other }
}
