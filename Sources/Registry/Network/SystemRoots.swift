import Archives
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

    /// Those in `$SSL_CERT_FILE` and in the folders of `$SSL_CERT_DIR` (with colons between them) if either is set, in
    /// place of the system's; else the system's, and none if it has none.
    ///
    /// OpenSSL would have a file replace the system's file alone and a folder its folders; on systems that have the same
    /// authorities in both that means nothing.
    ///
    /// - Throws: `Failure` that names the file, for one that is not there or not what it should be.
    static func read(_ environment: [String: String]) throws -> [NIOSSLCertificate] {
        let file = environment.variable("SSL_CERT_FILE").map { FilePath($0) }
        let folders = (environment["SSL_CERT_DIR"] ?? "").split(separator: ":").map { FilePath(String($0)) }
        guard file != nil || !folders.isEmpty else {
            guard let found = files.first(where: { $0.withPlatformString { access($0, R_OK) == 0 } }) else { return [] }
            return try CertificateFile.certificates(found)
        }
        var roots = try file.map { try CertificateFile.certificates($0) } ?? []
        for folder in folders { roots += try certificates(in: folder) }
        return roots
    }

    /// Those of all files in a folder; what is no certificate, and what a link of old leads nowhere, is passed over.
    private static func certificates(in folder: FilePath) throws -> [NIOSSLCertificate] {
        let names: [String]
        do {
            names = try FolderNames.read(folder)
        } catch {
            throw CertificateFile.fault(folder, "$SSL_CERT_DIR names it, and it is no folder that can be read")
        }
        return try names.flatMap { name in
            let path = folder.appending(name)
            var status = stat()
            guard path.withPlatformString({ stat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFREG else {
                return [NIOSSLCertificate]()
            }
            return try CertificateFile.certificatesIfAny(path)
        }
    }
}
