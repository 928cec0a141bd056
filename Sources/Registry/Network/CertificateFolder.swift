import Archives
import Failures
import NIOSSL
import SystemPackage

/// A folder of certificates for one registry, as docker, podman and skopeo have it (containers-certs.d(5)): `*.crt` are
/// authorities to be trusted besides the system's; `NAME.cert` and `NAME.key` are who this program is.
struct CertificateFolder {
    let authorities: [NIOSSLCertificate]
    /// The first pair by name, if there are several: a connection has room for one.
    let client: ClientCertificate?

    /// - Throws: `Failure` that names the file, if one of them is not what it should be; `Errno` if the folder cannot be read.
    init(reading folder: FilePath) throws {
        let names = try FolderNames.read(folder)
        authorities = try names.filter { $0.hasSuffix(".crt") }.flatMap {
            try CertificateFile.certificates(folder.appending($0))
        }
        var client: ClientCertificate?
        for name in names where name.hasSuffix(".cert") {
            let key = String(name.dropLast(4)) + "key"
            guard names.contains(key) else {
                throw CertificateFile.fault(
                    folder.appending(name), "its key, '\(key)', is missing; authorities' names end in .crt")
            }
            if client == nil {
                client = try ClientCertificate(certificate: folder.appending(name), key: folder.appending(key))
            }
        }
        self.client = client
        for name in names where name.hasSuffix(".key") && !names.contains(String(name.dropLast(3)) + "cert") {
            throw CertificateFile.fault(
                folder.appending(name), "the certificate of this key, '\(name.dropLast(3))cert', is missing")
        }
    }
}
