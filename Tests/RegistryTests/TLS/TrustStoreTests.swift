import Errors
import Foundation
import NIOSSL
import SystemPackage
import TestSupport
import Testing

@testable import Registry

@Suite("Trust store")
struct TrustStoreTests {
    private let files: TestCertificates
    private let registry = NamedRegistry(name: "registry.example:5000", host: "registry.example", port: 5000)

    init() throws {
        files = try TestCertificates()
    }

    private func trusted(
        certDir: String? = nil, isVerified: Bool = true, perHost: [String] = [], _ environment: [String: String] = [:]
    ) -> TrustStore {
        TrustStore(
            registry: registry, isVerified: isVerified, certDir: certDir.map { FilePath($0) },
            environment: environment, perHostDirectories: perHost.map { FilePath($0) })
    }

    private func certificates(_ names: String...) throws -> [NIOSSLCertificate] {
        try names.flatMap { try NIOSSLCertificate.fromPEMFile(files.directory.path($0)) }
    }

    private func additional(_ configuration: TLSConfiguration) -> [NIOSSLCertificate] {
        configuration.additionalTrustRoots.flatMap { roots in
            guard case .certificates(let certificates) = roots else { return [NIOSSLCertificate]() }
            return certificates
        }
    }

    @Test("trusts the system's CA certificates, with TLS 1.2 or later")
    func system() throws {
        let configuration = try trusted().configuration(host: "registry.example", port: 5000)
        #expect(configuration.certificateVerification == .fullVerification)
        #expect(configuration.minimumTLSVersion == .tlsv12)
        #expect(configuration.additionalTrustRoots.isEmpty)
        #expect(configuration.certificateChain.isEmpty)
        guard case .certificates(let roots) = try #require(configuration.trustRoots) else {
            Issue.record("no certificates")
            return
        }
        let system = try NIOSSLCertificate.fromPEMFile("/etc/ssl/certs/ca-certificates.crt")
        #expect(roots == system)
        #expect(roots.count > 50)
    }

    @Test("reads SSL_CERT_FILE and SSL_CERT_DIR instead of the system's CA certificates")
    func fromEnvironment() throws {
        let roots = { (environment: [String: String]) -> [NIOSSLCertificate]? in
            let configuration = try trusted(environment).configuration(host: "a", port: 443)
            guard case .certificates(let certificates) = configuration.trustRoots else { return nil }
            return certificates
        }
        let file = files.directory.path("ca.crt")
        #expect(try roots(["SSL_CERT_FILE": file]) == certificates("ca.crt"))
        let directory = try files.directory(["a.0": "other.crt", "b.pem": "client.key"])
        try FileManager.default.createDirectory(atPath: directory.path("java"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: directory.path("old.0"), withDestinationPath: "nowhere")
        #expect(try roots(["SSL_CERT_DIR": directory.path]) == certificates("other.crt"))
        let second = try files.directory(["a": "ca.crt"])
        #expect(
            try roots(["SSL_CERT_DIR": "\(directory.path):\(second.path)"]) == certificates("other.crt", "ca.crt"))
        #expect(
            try roots(["SSL_CERT_FILE": file, "SSL_CERT_DIR": directory.path]) == certificates("ca.crt", "other.crt"))
        #expect(try roots(["SSL_CERT_FILE": "", "SSL_CERT_DIR": ""])?.count ?? 0 > 50)
    }

    @Test("verifies no certificate of the one registry with disabled verification")
    func unverified() throws {
        let trusted = trusted(isVerified: false)
        #expect(try trusted.configuration(host: "REGISTRY.example.", port: 5000).certificateVerification == .none)
        for (host, port) in [("registry.example", 443), ("other.example", 5000)] {
            let configuration = try trusted.configuration(host: host, port: port)
            #expect(configuration.certificateVerification == .fullVerification)
        }
    }

    @Test("adds the CA certificates of a given directory, and presents its client certificate to the registry only")
    func certDir() throws {
        let directory = try files.directory([
            "one.crt": "ca.crt", "two.crt": "other.crt", "me.cert": "client.cert", "me.key": "client.key",
            "README": "client.key",
        ])
        let trusted = trusted(certDir: directory.path)
        let own = try trusted.configuration(host: "registry.example", port: 5000)
        #expect(try additional(own) == certificates("ca.crt", "other.crt"))
        #expect(try own.certificateChain == certificates("client.cert").map { .certificate($0) })
        #expect(own.privateKey != nil)
        guard case .certificates(let roots) = try #require(own.trustRoots) else {
            Issue.record("no certificates")
            return
        }
        #expect(roots.count > 50)
        let other = try trusted.configuration(host: "auth.example", port: 443)
        #expect(try additional(other) == certificates("ca.crt", "other.crt"))
        #expect(other.certificateChain.isEmpty)
        #expect(other.privateKey == nil)
    }

    @Test("reads the first directory of a host")
    func perHostDirectories() throws {
        let first = try TemporaryDirectory()
        let second = try TemporaryDirectory()
        let add = { (directory: TemporaryDirectory, host: String, file: String) in
            try FileManager.default.createDirectory(atPath: directory.path(host), withIntermediateDirectories: true)
            try directory.write(files.directory.read(file), to: "\(host)/x.crt")
        }
        let trusted = trusted(perHost: [first.path, second.path])
        #expect(try additional(trusted.configuration(host: "registry.example", port: 5000)) == [])
        try add(second, "registry.example:5000", "other.crt")
        #expect(
            try additional(trusted.configuration(host: "registry.example", port: 5000)) == certificates("other.crt"))
        try add(first, "registry.example:5000", "ca.crt")
        #expect(try additional(trusted.configuration(host: "registry.example", port: 5000)) == certificates("ca.crt"))
        #expect(try additional(trusted.configuration(host: "registry.example", port: 443)) == [])
        try add(first, "registry.example", "ca.crt")
        #expect(try additional(trusted.configuration(host: "registry.example", port: 443)) == certificates("ca.crt"))
        try add(first, "[fd00::1]:5000", "ca.crt")
        #expect(try additional(trusted.configuration(host: "fd00::1", port: 5000)) == certificates("ca.crt"))
    }

    @Test("finds Docker Hub's directory by the name in image names")
    func nameOfTheRegistry() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path("docker.io"), withIntermediateDirectories: true)
        try directory.write(files.directory.read("ca.crt"), to: "docker.io/x.crt")
        let trusted = TrustStore(
            registry: NamedRegistry(name: "docker.io", host: "registry-1.docker.io", port: 443), isVerified: true,
            certDir: nil, environment: [:], perHostDirectories: [FilePath(directory.path)])
        #expect(
            try additional(trusted.configuration(host: "registry-1.docker.io", port: 443)) == certificates("ca.crt"))
        #expect(try additional(trusted.configuration(host: "auth.docker.io", port: 443)) == [])
    }

    @Test(
        "rejects an invalid file and names it",
        arguments: [
            (["x.crt": "client.key"], "x.crt", "it holds no certificate in PEM form, or a damaged one"),
            (["x.cert": "client.cert"], "x.cert", "its key, 'x.key', is missing; names of CA certificates end in .crt"),
            (["x.key": "client.key"], "x.key", "the certificate of this key, 'x.cert', is missing"),
            (
                ["x.cert": "client.cert", "x.key": "client.cert"], "x.key",
                "it holds no private key in PEM form, or one with a passphrase"
            ),
        ])
    func badFiles(names: [String: String], file: String, cause: String) throws {
        let directory = try files.directory(names)
        let failure = try #require(throws: ToolError.self) {
            try trusted(certDir: directory.path).configuration(host: "registry.example", port: 5000)
        }
        #expect(failure.code == .data)
        #expect(failure.message == "cannot read the certificates in '\(directory.path(file))'")
        #expect(failure.cause == cause)
    }

    @Test("rejects a client certificate with another key")
    func wrongKey() throws {
        let directory = try files.directory(["x.cert": "client.cert", "x.key": "stranger.key"])
        let failure = try #require(throws: ToolError.self) {
            try trusted(certDir: directory.path).configuration(host: "registry.example", port: 5000)
        }
        #expect(failure.cause == "it does not belong to the key in '\(directory.path("x.key"))'")
    }

    @Test("rejects missing files that were named")
    func missing() throws {
        let nowhere = files.directory.path("nowhere")
        for (trusted, cause) in [
            (trusted(certDir: nowhere), "No such file or directory"),
            (trusted(["SSL_CERT_FILE": nowhere]), "the file does not exist"),
            (trusted(["SSL_CERT_DIR": nowhere]), "$SSL_CERT_DIR names it, but it is not a readable directory"),
        ] {
            let failure = try #require(throws: ToolError.self) { try trusted.configuration(host: "a", port: 443) }
            #expect(failure.code == .data)
            #expect(failure.message == "cannot read the certificates in '\(nowhere)'")
            #expect(failure.cause == cause)
        }
    }
}
