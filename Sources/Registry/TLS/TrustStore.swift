import ByteIO
import Errors
import Glibc
import NIOSSL
import SystemPackage

/// The authorities that this machine trusts.
enum SystemRoots {
    /// Where the distributions keep them: Debian, Arch and NixOS; Fedora; openSUSE; CentOS 7; Alpine.
    private static let files: [FilePath] = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
    ]

    /// Those in `$SSL_CERT_FILE` and in the directories of `$SSL_CERT_DIR` (with colons between them) if either is set, in
    /// place of the system's; else the system's, and none if it has none.
    ///
    /// OpenSSL would have a file replace the system's file alone and a directory its directories; on systems that have the same
    /// authorities in both that means nothing.
    ///
    /// - Throws: `ToolError` that names the file, for one that is not there or not what it should be.
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

    /// Those of all files in a directory; what is no certificate, and what a link of old leads nowhere, is passed over.
    private static func certificates(in directory: FilePath) throws -> [NIOSSLCertificate] {
        let names: [String]
        do {
            names = try DirectoryNames.read(directory)
        } catch {
            throw CertificateFile.fault(directory, "$SSL_CERT_DIR names it, and it is no directory that can be read")
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

/// Whom a connection to a registry believes, and who it says that it is.
package struct TrustStore: Sendable {
    private let registry: NamedRegistry
    private let isVerified: Bool
    private let certDir: FilePath?
    private let perHostDirectories: [FilePath]
    private let environment: [String: String]

    /// - Parameters:
    ///   - registry: the registry that the user named. What is said for it holds for no other host.
    ///   - isVerified: whether the registry has to show a certificate that is believed (`--tls-verify`).
    ///   - certDir: certificates in place of those of `/etc/docker/certs.d` and its like (`--cert-dir`).
    ///   - environment: names the system's authorities and the home directory.
    ///   - currentDirectory: the absolute directory that a relative path starts from.
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

    /// The settings for connections to a host, which may be the registry or one that it sends to.
    ///
    /// Reads the system's authorities, which takes some milliseconds: it is for those who connect by https alone.
    ///
    /// - Throws: `ToolError` with code `data` for a file or directory that is not there or not what it should be, `io` for one
    ///   that cannot be read; it names the file.
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
            configuration.additionalTrustRoots = [.certificates(directory.authorities)]
            // Whom the registry sends to may be believed for the same reason; who we are is no business of theirs.
            if isNamed { directory.client?.present(in: &configuration) }
        } else if let directory = try perHostDirectory(host: host, port: port, isNamed: isNamed) {
            configuration.additionalTrustRoots = [.certificates(directory.authorities)]
            directory.client?.present(in: &configuration)
        }
        return configuration
    }

    private func directory(_ path: FilePath) throws -> CertificateDirectory {
        do {
            return try CertificateDirectory(reading: path)
        } catch let error as Errno {
            throw ToolError(
                .data, "cannot read the certificates in '\(path)'", cause: "--cert-dir names it: \(error)",
                remedy: "name a directory with the files *.crt, *.cert and *.key")
        }
    }

    /// The first directory of the host that is there; one that this user may not read counts as none.
    private func perHostDirectory(host: String, port: Int, isNamed: Bool) throws -> CertificateDirectory? {
        let plain = RedirectPolicy.plain(host)
        let name = plain.contains(":") ? "[\(plain)]" : plain
        var names = ["\(name):\(port)"]
        if port == 443 { names.append(name) }
        if isNamed { names.append(registry.name) }
        for directory in perHostDirectories {
            for name in names {
                do {
                    return try CertificateDirectory(reading: directory.appending(name))
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
