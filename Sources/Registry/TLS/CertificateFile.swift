import ByteIO
import Errors
import Glibc
package import NIOSSL
package import SystemPackage

/// Reads certificates and keys from PEM files.
package enum CertificateFile {
    /// The most bytes of a file: 16 MiB. A system's CA bundle has a few hundred KiB.
    private static let limit = 16 << 20

    /// The first line of a certificate (RFC 7468, 5.1).
    private static let header = Array("-----BEGIN CERTIFICATE-----".utf8)

    /// Reads all certificates of a file, in file order.
    ///
    /// - Throws: `ToolError` with code `data` if the file is missing or holds no certificate, `io` if it cannot be
    ///   read.
    package static func certificates(_ path: FilePath) throws -> [NIOSSLCertificate] {
        let bytes = try bytes(path)
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty else {
            throw error(path, "it holds no certificate in PEM form, or a damaged one")
        }
        return certificates
    }

    /// Reads all certificates of a file; an empty list if the file contains no certificate header.
    static func certificatesIfAny(_ path: FilePath) throws -> [NIOSSLCertificate] {
        try bytes(path).firstRange(of: header) == nil ? [] : certificates(path)
    }

    /// Reads the private key of a file.
    ///
    /// - Throws: `ToolError` with code `data` if the file is missing or holds no usable key, `io` if it cannot be read.
    static func key(_ path: FilePath) throws -> NIOSSLPrivateKey {
        let bytes = try bytes(path)
        do {
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        } catch {
            throw self.error(path, "it holds no private key in PEM form, or one with a passphrase")
        }
    }

    private static func bytes(_ path: FilePath) throws -> [UInt8] {
        do {
            let bytes = try SmallFile.read(path, limit: limit)
            guard bytes.count <= limit else { throw error(path, "it is larger than \(limit) bytes") }
            return bytes
        } catch Errno.noSuchFileOrDirectory, Errno.notDirectory {
            throw error(path, "the file does not exist")
        } catch let error as Errno {
            throw ToolError.io("cannot read the certificates in '\(path)'", error)
        }
    }

    /// The error for an invalid certificate or key file.
    static func error(_ path: FilePath, _ cause: String) -> ToolError {
        ToolError(
            .data, "cannot read the certificates in '\(path)'", cause: cause,
            remedy:
                "correct the file, or remove it from its directory; `openssl x509 -text -in FILE` shows a certificate"
        )
    }
}

/// A directory of certificates for one registry, as docker, podman and skopeo use it (containers-certs.d(5)): `*.crt`
/// are CA certificates that are trusted besides the system's, `NAME.cert` and `NAME.key` are a client certificate and
/// its key.
struct CertificateDirectory {
    let caCertificates: [NIOSSLCertificate]
    /// The first client certificate by name: a connection can present only one.
    let client: ClientCertificate?

    /// Reads a directory.
    ///
    /// - Throws: `ToolError` that names an invalid or incomplete file; `Errno` if the directory cannot be read.
    static func read(_ directory: FilePath) throws -> CertificateDirectory {
        let names = try DirectoryNames.read(directory)
        let caCertificates = try names.filter { $0.hasSuffix(".crt") }.flatMap {
            try CertificateFile.certificates(directory.appending($0))
        }
        var client: ClientCertificate?
        for name in names where name.hasSuffix(".cert") {
            let key = String(name.dropLast(4)) + "key"
            guard names.contains(key) else {
                throw CertificateFile.error(
                    directory.appending(name), "its key, '\(key)', is missing; names of CA certificates end in .crt")
            }
            if client == nil {
                client = try ClientCertificate.read(directory.appending(name), key: directory.appending(key))
            }
        }
        for name in names where name.hasSuffix(".key") && !names.contains(String(name.dropLast(3)) + "cert") {
            throw CertificateFile.error(
                directory.appending(name), "the certificate of this key, '\(name.dropLast(3))cert', is missing")
        }
        return CertificateDirectory(caCertificates: caCertificates, client: client)
    }
}

/// A client certificate with its chain and private key.
package struct ClientCertificate {
    let chain: [NIOSSLCertificateSource]
    let key: NIOSSLPrivateKeySource

    /// Reads a certificate file, which may include intermediate certificates, and a key file.
    ///
    /// - Throws: `ToolError` with code `data` if a file is missing or invalid, or the key is not the certificate's.
    package static func read(_ certificate: FilePath, key file: FilePath) throws -> ClientCertificate {
        let client = ClientCertificate(
            chain: try CertificateFile.certificates(certificate).map { .certificate($0) },
            key: .privateKey(try CertificateFile.key(file)))
        // Without this trial a mismatch would show at the first connection, in an error that does not name the files.
        var trial = TLSConfiguration.makeClientConfiguration()
        trial.trustRoots = .certificates([])
        client.present(in: &trial)
        do {
            _ = try NIOSSLContext(configuration: trial)
        } catch {
            throw CertificateFile.error(certificate, "it does not belong to the key in '\(file)'")
        }
        return client
    }

    /// Adds the certificate to a configuration, for servers that request one.
    package func present(in configuration: inout TLSConfiguration) {
        configuration.certificateChain = chain
        configuration.privateKey = key
    }
}
