import NIOSSL
import SystemPackage

/// What shows a server, in place of a password, who asks.
struct ClientCertificate {
    let chain: [NIOSSLCertificateSource]
    let key: NIOSSLPrivateKeySource

    /// Reads a certificate, with those that lead up to its root, and its key.
    ///
    /// - Throws: `Failure` with code `data` if one is not there or not what it should be, or they do not belong together.
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
