import Glibc
import NIOSSL
import SystemPackage

/// The certificates for a Docker daemon that is reached by TCP, from docker's own variables: `$DOCKER_CERT_PATH` is a folder
/// with ca.pem, cert.pem and key.pem, by default that of docker's settings; `$DOCKER_TLS_VERIFY`, set to anything, asks the
/// daemon for a certificate of that authority, and no other.
public enum DaemonCertificates {
    /// - Returns: nil if the variables ask for no TLS.
    /// - Throws: `Failure` that names the file, for one that is not there or not what it should be.
    public static func configuration(_ environment: [String: String]) throws -> TLSConfiguration? {
        let isVerified = environment.variable("DOCKER_TLS_VERIFY") != nil
        let named = environment.variable("DOCKER_CERT_PATH")
        guard isVerified || named != nil || environment.variable("DOCKER_TLS") != nil else { return nil }
        let home = environment.variable("HOME").map { FilePath($0).appending(".docker") }
        let folder = (named ?? environment.variable("DOCKER_CONFIG")).map { FilePath($0) } ?? home ?? "/root/.docker"

        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if isVerified {
            configuration.trustRoots = .certificates(try CertificateFile.certificates(folder.appending("ca.pem")))
        } else {
            configuration.certificateVerification = .none
        }
        let (certificate, key) = (folder.appending("cert.pem"), folder.appending("key.pem"))
        // A daemon need not ask who connects.
        if [certificate, key].contains(where: { $0.withPlatformString { access($0, F_OK) == 0 } }) {
            try ClientCertificate(certificate: certificate, key: key).present(in: &configuration)
        }
        return configuration
    }
}
