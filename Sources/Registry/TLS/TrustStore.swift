import ByteIO
import Errors
import Glibc
package import NIOSSL
package import SystemPackage

/// The CA certificates of this machine.
enum SystemRoots {
    /// The bundles of Debian, Arch and NixOS; Fedora; openSUSE; CentOS 7; Alpine.
    private static let files: [FilePath] = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
    ]

    /// Reads the certificates in `$SSL_CERT_FILE` and in the directories of `$SSL_CERT_DIR` (separated by colons) if
    /// either variable is set, else the system's bundle; an empty list if the system has none.
    ///
    /// Either variable replaces all system certificates. With OpenSSL each variable replaces only the system's file or
    /// the system's directory, which has no effect on systems that keep the same certificates in both.
    ///
    /// - Throws: `ToolError` that names a missing or invalid file.
    static func read(_ environment: [String: String]) throws -> [NIOSSLCertificate] {
        let file = environment.variable("SSL_CERT_FILE").map { FilePath($0) }
        let directories = (environment["SSL_CERT_DIR"] ?? "").split(separator: ":").map { FilePath(String($0)) }
        guard file != nil || !directories.isEmpty else {
            guard let found = files.first(where: { $0.withPlatformString { access($0, R_OK) == 0 } }) else { return [] }
            return try CertificateFile.certificates(found)
        }
        var roots = try file.map { try CertificateFile.certificates($0) } ?? []
        for directory in directories { roots += try certificates(in: directory) }
        return roots
    }

    /// Reads all certificates of a directory. Files without certificates and dangling links are ignored.
    private static func certificates(in directory: FilePath) throws -> [NIOSSLCertificate] {
        let names: [String]
        do {
            names = try DirectoryNames.read(directory)
        } catch {
            throw CertificateFile.error(directory, "$SSL_CERT_DIR names it, but it is not a readable directory")
        }
        return try names.flatMap { name in
            let path = directory.appending(name)
            var status = stat()
            guard path.withPlatformString({ stat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFREG else {
                return [NIOSSLCertificate]()
            }
            return try CertificateFile.certificatesIfAny(path)
        }
    }
}

/// The CA certificates that connections to a registry trust, and the client certificate that they present.
package struct TrustStore: Sendable {
    private let registry: NamedRegistry
    private let isVerified: Bool
    private let certDir: FilePath?
    private let perHostDirectories: [FilePath]
    private let environment: [String: String]

    /// - Parameters:
    ///   - registry: the registry that the user named. `isVerified` and client certificates apply to this host only.
    ///   - isVerified: whether the registry's certificate is verified.
    ///   - certDir: a directory of certificates that replaces `/etc/docker/certs.d` and similar directories.
    ///   - environment: names the system's CA certificates and the home directory.
    ///   - currentDirectory: the absolute directory that relative paths start from.
    package init(
        registry: NamedRegistry, isVerified: Bool, certDir: FilePath?, environment: [String: String],
        currentDirectory: FilePath
    ) {
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? FilePath($0) : nil }
        let own = home.map { [$0.appending(".config/containers/certs.d")] } ?? []
        self.init(
            registry: registry, isVerified: isVerified, certDir: certDir.map { currentDirectory.pushing($0) },
            environment: environment, perHostDirectories: own + ["/etc/containers/certs.d", "/etc/docker/certs.d"])
    }

    /// - Parameter perHostDirectories: the directories with one directory per host, in the order of search.
    init(
        registry: NamedRegistry, isVerified: Bool, certDir: FilePath?, environment: [String: String],
        perHostDirectories: [FilePath]
    ) {
        self.registry = registry
        self.isVerified = isVerified
        self.certDir = certDir
        self.environment = environment
        self.perHostDirectories = perHostDirectories
    }

    /// The TLS settings for connections to a host: the registry, or a host that the registry redirects to.
    ///
    /// Reads the system's CA certificates, which takes some milliseconds: call it for https only.
    ///
    /// - Throws: `ToolError` that names the file, with code `data` if a file or directory is missing or invalid, `io`
    ///   if it cannot be read.
    package func configuration(host: String, port: Int) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        let isNamed = registry.isAt(host: host, port: port)
        if isNamed, !isVerified {
            configuration.certificateVerification = .none
        } else {
            configuration.trustRoots = .certificates(try SystemRoots.read(environment))
        }
        if let certDir {
            let directory = try directory(certDir)
            configuration.additionalTrustRoots = [.certificates(directory.caCertificates)]
            // The CA certificates apply to all hosts of the registry; the client certificate identifies the user to the
            // registry only.
            if isNamed { directory.client?.present(in: &configuration) }
        } else if let directory = try perHostDirectory(host: host, port: port, isNamed: isNamed) {
            configuration.additionalTrustRoots = [.certificates(directory.caCertificates)]
            directory.client?.present(in: &configuration)
        }
        return configuration
    }

    private func directory(_ path: FilePath) throws -> CertificateDirectory {
        do {
            return try CertificateDirectory.read(path)
        } catch let error as Errno {
            throw ToolError(
                .data, "cannot read the certificates in '\(path)'", cause: "\(error)",
                remedy: "name a directory with the files *.crt, *.cert and *.key with \(.certificateDirectory)")
        }
    }

    /// Reads the host's first existing directory. A directory that this user may not read counts as missing.
    private func perHostDirectory(host: String, port: Int, isNamed: Bool) throws -> CertificateDirectory? {
        let host = RedirectPolicy.normalized(host)
        let name = host.contains(":") ? "[\(host)]" : host
        var names = ["\(name):\(port)"]
        if port == 443 { names.append(name) }
        if isNamed { names.append(registry.name) }
        for directory in perHostDirectories {
            for name in names {
                do {
                    return try CertificateDirectory.read(directory.appending(name))
                } catch Errno.noSuchFileOrDirectory, Errno.notDirectory, Errno.permissionDenied {
                    continue
                } catch let error as Errno {
                    throw ToolError.io("cannot read the certificates in '\(directory.appending(name))'", error)
                }
            }
        }
        return nil
    }
}
