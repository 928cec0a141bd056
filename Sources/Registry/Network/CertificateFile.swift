import Archives
import Failures
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
    /// - Throws: `Failure` with code `data` if the file is not there or holds no certificate, `io` if it cannot be read.
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
            throw Failure.io("cannot read the certificates in '\(path)'", error)
        }
    }

    static func fault(_ path: FilePath, _ why: String) -> Failure {
        Failure(
            .data, "cannot read the certificates in '\(path)'", why: why,
            advice: "correct the file, or take it out of its folder; `openssl x509 -text -in FILE` shows a certificate")
    }
}
