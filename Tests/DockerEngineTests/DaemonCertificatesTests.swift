import Errors
import Foundation
import NIOSSL
import TestSupport
import Testing

@testable import DockerEngine

@Suite("Daemon certificates")
struct DaemonCertificatesTests {
    @Test("are not used unless docker's variables request TLS")
    func none() throws {
        #expect(try DaemonCertificates.configuration([:]) == nil)
        #expect(try DaemonCertificates.configuration(["DOCKER_TLS_VERIFY": "", "DOCKER_CERT_PATH": ""]) == nil)
    }

    @Test("are read from DOCKER_CERT_PATH, with no other CA")
    func certPath() throws {
        let files = try TestCertificates()
        let directory = try files.directory(["ca.pem": "ca.crt", "cert.pem": "client.cert", "key.pem": "client.key"])
        let ca = try NIOSSLCertificate.fromPEMFile(directory.path("ca.pem"))
        let environment = ["DOCKER_CERT_PATH": directory.path, "DOCKER_TLS_VERIFY": "1"]
        let configuration = try #require(try DaemonCertificates.configuration(environment))
        #expect(configuration.certificateVerification == .fullVerification)
        #expect(configuration.trustRoots == .certificates(ca))
        #expect(configuration.additionalTrustRoots.isEmpty)
        #expect(configuration.certificateChain.count == 1)
        #expect(configuration.minimumTLSVersion == .tlsv12)
        let unverified = try #require(try DaemonCertificates.configuration(["DOCKER_CERT_PATH": directory.path]))
        #expect(unverified.certificateVerification == .none)
        #expect(unverified.certificateChain.count == 1)
    }

    @Test("may be in docker's settings directory, without a client certificate")
    func defaultDirectory() throws {
        let files = try TestCertificates()
        let directory = try files.directory(["ca.pem": "ca.crt"])
        let environment = ["DOCKER_CONFIG": directory.path, "DOCKER_TLS_VERIFY": "1"]
        let configuration = try #require(try DaemonCertificates.configuration(environment))
        #expect(configuration.certificateChain.isEmpty)
        try FileManager.default.removeItem(atPath: directory.path("ca.pem"))
        let failure = try #require(throws: ToolError.self) { try DaemonCertificates.configuration(environment) }
        #expect(failure.message == "cannot read the certificates in '\(directory.path("ca.pem"))'")
        #expect(failure.cause == "the file does not exist")
    }
}
