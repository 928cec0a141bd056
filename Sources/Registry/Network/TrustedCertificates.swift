import Failures
import NIOSSL
import SystemPackage

/// Whom a connection to a registry believes, and who it says that it is.
public struct TrustedCertificates: Sendable {
    private let registry: NamedRegistry
    private let isVerified: Bool
    private let certDir: FilePath?
    private let perHostFolders: [FilePath]
    private let environment: [String: String]

    /// - Parameters:
    ///   - registry: the registry that the user named. What is said for it holds for no other host.
    ///   - isVerified: whether the registry has to show a certificate that is believed (`--tls-verify`).
    ///   - certDir: certificates in place of those of `/etc/docker/certs.d` and its like (`--cert-dir`).
    ///   - environment: names the system's authorities and the home folder.
    ///   - currentDirectory: the absolute folder that a relative path starts from.
    public init(
        registry: NamedRegistry, isVerified: Bool, certDir: FilePath?, environment: [String: String],
        currentDirectory: FilePath
    ) {
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? FilePath($0) : nil }
        let own = home.map { [$0.appending(".config/containers/certs.d")] } ?? []
        self.init(
            registry: registry, isVerified: isVerified, certDir: certDir.map { currentDirectory.pushing($0) },
            environment: environment, perHostFolders: own + ["/etc/containers/certs.d", "/etc/docker/certs.d"])
    }

    init(
        registry: NamedRegistry, isVerified: Bool, certDir: FilePath?, environment: [String: String],
        perHostFolders: [FilePath]
    ) {
        self.registry = registry
        self.isVerified = isVerified
        self.certDir = certDir
        self.environment = environment
        self.perHostFolders = perHostFolders
    }

    /// The settings for connections to a host, which may be the registry or one that it sends to.
    ///
    /// Reads the system's authorities, which takes some milliseconds: it is for those who connect by https alone.
    ///
    /// - Throws: `Failure` with code `data` for a file or folder that is not there or not what it should be, `io` for one
    ///   that cannot be read; it names the file.
    public func configuration(host: String, port: Int) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        let isNamed = registry.isAt(host: host, port: port)
        if isNamed, !isVerified {
            configuration.certificateVerification = .none
        } else {
            configuration.trustRoots = .certificates(try SystemRoots.read(environment))
        }
        if let certDir {
            let folder = try folder(certDir)
            configuration.additionalTrustRoots = [.certificates(folder.authorities)]
            // Whom the registry sends to may be believed for the same reason; who we are is no business of theirs.
            if isNamed { folder.client?.present(in: &configuration) }
        } else if let folder = try perHostFolder(host: host, port: port, isNamed: isNamed) {
            configuration.additionalTrustRoots = [.certificates(folder.authorities)]
            folder.client?.present(in: &configuration)
        }
        return configuration
    }

    private func folder(_ path: FilePath) throws -> CertificateFolder {
        do {
            return try CertificateFolder(reading: path)
        } catch let error as Errno {
            throw Failure(
                .data, "cannot read the certificates in '\(path)'", why: "--cert-dir names it: \(error)",
                advice: "name a folder with the files *.crt, *.cert and *.key")
        }
    }

    /// The first folder of the host that is there; one that this user may not read counts as none.
    private func perHostFolder(host: String, port: Int, isNamed: Bool) throws -> CertificateFolder? {
        let plain = PrivateHosts.plain(host)
        let name = plain.contains(":") ? "[\(plain)]" : plain
        var names = ["\(name):\(port)"]
        if port == 443 { names.append(name) }
        if isNamed { names.append(registry.name) }
        for folder in perHostFolders {
            for name in names {
                do {
                    return try CertificateFolder(reading: folder.appending(name))
                } catch Errno.noSuchFileOrDirectory, Errno.notDirectory, Errno.permissionDenied {
                    continue
                } catch let error as Errno {
                    throw Failure.io("cannot read the certificates in '\(folder.appending(name))'", error)
                }
            }
        }
        return nil
    }
}
