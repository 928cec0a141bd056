import ByteIO
import Errors
import Glibc
import NIOSSL
import SystemPackage

/// Certificates and keys in files, in PEM form.
enum CertificateFile {
    /// The most bytes of such a file. The roots of a whole system have some hundred KiB.
    static let limit = 16 << 20

    /// What the text of a certificate begins with (RFC 7468).
    private static let mark = Array("-----BEGIN CERTIFICATE-----".utf8)

    /// All certificates of a file, in their order.
    ///
    /// - Throws: `ToolError` with code `data` if the file is not there or holds no certificate, `io` if it cannot be read.
    static func certificates(_ path: FilePath) throws -> [NIOSSLCertificate] {
        let bytes = try bytes(path)
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty else {
            throw fault(path, "it holds no certificate in PEM form, or a damaged one")
        }
        return certificates
    }

    /// The same, but none for a file that does not look as if it had any.
    static func certificatesIfAny(_ path: FilePath) throws -> [NIOSSLCertificate] {
        try bytes(path).firstRange(of: mark) == nil ? [] : certificates(path)
    }

    /// The private key of a file.
    static func key(_ path: FilePath) throws -> NIOSSLPrivateKey {
        let bytes = try bytes(path)
        do {
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        } catch {
            throw fault(path, "it holds no private key in PEM form, or one with a pass phrase")
        }
    }

    private static func bytes(_ path: FilePath) throws -> [UInt8] {
        do {
            let bytes = try SmallFile.read(path, limit: limit)
            guard bytes.count <= limit else { throw fault(path, "it has more than \(limit) bytes") }
            return bytes
        } catch Errno.noSuchFileOrDirectory, Errno.notDirectory {
            throw fault(path, "there is no such file")
        } catch let error as Errno {
            throw ToolError.io("cannot read the certificates in '\(path)'", error)
        }
    }

    static func fault(_ path: FilePath, _ cause: String) -> ToolError {
        ToolError(
            .data, "cannot read the certificates in '\(path)'", cause: cause,
            remedy:
                "correct the file, or take it out of its directory; `openssl x509 -text -in FILE` shows a certificate")
    }
}

/// A directory of certificates for one registry, as docker, podman and skopeo have it (containers-certs.d(5)): `*.crt` are
/// authorities to be trusted besides the system's; `NAME.cert` and `NAME.key` are who this program is.
struct CertificateDirectory {
    let authorities: [NIOSSLCertificate]
    /// The first pair by name, if there are several: a connection has room for one.
    let client: ClientCertificate?

    /// - Throws: `ToolError` that names the file, if one of them is not what it should be; `Errno` if the directory cannot be read.
    init(reading directory: FilePath) throws {
        let names = try DirectoryNames.read(directory)
        authorities = try names.filter { $0.hasSuffix(".crt") }.flatMap {
            try CertificateFile.certificates(directory.appending($0))
        }
        var client: ClientCertificate?
        for name in names where name.hasSuffix(".cert") {
            let key = String(name.dropLast(4)) + "key"
            guard names.contains(key) else {
                throw CertificateFile.fault(
                    directory.appending(name), "its key, '\(key)', is missing; authorities' names end in .crt")
            }
            if client == nil {
                client = try ClientCertificate(certificate: directory.appending(name), key: directory.appending(key))
            }
        }
        self.client = client
        for name in names where name.hasSuffix(".key") && !names.contains(String(name.dropLast(3)) + "cert") {
            throw CertificateFile.fault(
                directory.appending(name), "the certificate of this key, '\(name.dropLast(3))cert', is missing")
        }
    }
}

/// What shows a server, in place of a password, who asks.
struct ClientCertificate {
    let chain: [NIOSSLCertificateSource]
    let key: NIOSSLPrivateKeySource

    /// Reads a certificate, with those that lead up to its root, and its key.
    ///
    /// - Throws: `ToolError` with code `data` if one is not there or not what it should be, or they do not belong together.
    init(certificate: FilePath, key file: FilePath) throws {
        chain = try CertificateFile.certificates(certificate).map { .certificate($0) }
        key = .privateKey(try CertificateFile.key(file))
        // Whether they belong together would show when the first connection is made, with no word of the files.
        var trial = TLSConfiguration.makeClientConfiguration()
        trial.trustRoots = .certificates([])
        present(in: &trial)
        do {
            _ = try NIOSSLContext(configuration: trial)
        } catch {
            throw CertificateFile.fault(certificate, "it does not belong to the key in '\(file)'")
        }
    }

    func present(in configuration: inout TLSConfiguration) {
        configuration.certificateChain = chain
        configuration.privateKey = key
    }
}

/// The certificates for a Docker daemon that is reached by TCP, from docker's own variables: `$DOCKER_CERT_PATH` is a directory
/// with ca.pem, cert.pem and key.pem, by default that of docker's settings; `$DOCKER_TLS_VERIFY`, set to anything, asks the
/// daemon for a certificate of that authority, and no other.
package enum DaemonCertificates {
    /// - Returns: nil if the variables ask for no TLS.
    /// - Throws: `ToolError` that names the file, for one that is not there or not what it should be.
    package static func configuration(_ environment: [String: String]) throws -> TLSConfiguration? {
        let isVerified = environment.variable("DOCKER_TLS_VERIFY") != nil
        let named = environment.variable("DOCKER_CERT_PATH")
        guard isVerified || named != nil || environment.variable("DOCKER_TLS") != nil else { return nil }
        let home = environment.variable("HOME").map { FilePath($0).appending(".docker") }
        let directory = (named ?? environment.variable("DOCKER_CONFIG")).map { FilePath($0) } ?? home ?? "/root/.docker"

        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if isVerified {
            configuration.trustRoots = .certificates(try CertificateFile.certificates(directory.appending("ca.pem")))
        } else {
            configuration.certificateVerification = .none
        }
        let (certificate, key) = (directory.appending("cert.pem"), directory.appending("key.pem"))
        // A daemon need not ask who connects.
        if [certificate, key].contains(where: { $0.withPlatformString { access($0, F_OK) == 0 } }) {
            try ClientCertificate(certificate: certificate, key: key).present(in: &configuration)
        }
        return configuration
    }
}
