import Foundation
import TestSupport

/// A certificate authority of one test, made by openssl, with the certificates that it signed.
struct TestAuthority {
    private let directory: SharedDirectory

    /// - Parameter name: the authority's common name.
    init(_ name: String = "authority") throws {
        directory = try SharedDirectory("authority")
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=\(name)", "-keyout", "ca.key", "-out", "ca.crt")
    }

    /// The path of the authority's own certificate.
    var certificate: String { "\(directory.path)/ca.crt" }

    /// Reads one of the authority's files: `ca.crt`, `NAME.cert`, `NAME.key`.
    func read(_ name: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/\(name)")))
    }

    /// Signs a certificate.
    ///
    /// - Parameters:
    ///   - name: the name of the files: `NAME.cert` and `NAME.key`.
    ///   - hosts: the subject's alternative names: `IP:127.0.0.1,DNS:registry.test`.
    func sign(_ name: String, hosts: String) throws {
        try Data("subjectAltName=\(hosts)\n".utf8).write(to: URL(fileURLWithPath: "\(directory.path)/\(name).ext"))
        try openssl(
            "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=\(name)", "-keyout", "\(name).key", "-out",
            "\(name).csr")
        try openssl(
            "x509", "-req", "-in", "\(name).csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "\(name).ext", "-out", "\(name).cert")
    }

    /// Makes a directory for `--cert-dir`.
    ///
    /// - Parameter files: the names there, with the names of the authority's files.
    ///
    /// - Returns: the path of the directory.
    func certDir(in bench: LoginBench, _ files: [String: String] = ["authority.crt": "ca.crt"]) throws -> String {
        let path = bench.directory.path("certificates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, file) in files { try Data(read(file)).write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
        return path
    }

    private func openssl(_ arguments: String...) throws {
        try Program.output(["openssl"] + arguments, in: directory.path)
    }
}
