import TestSupport

/// A certificate authority of one test, made by openssl, and what it signed.
struct TestAuthority {
    let folder: TemporaryFolder

    /// - Parameter name: what it is called.
    init(_ name: String = "authority") throws {
        folder = try TemporaryFolder()
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=\(name)", "-keyout", "ca.key", "-out", "ca.crt")
    }

    /// Its own certificate.
    var certificate: String { folder.path("ca.crt") }

    /// Signs a certificate.
    ///
    /// - Parameters:
    ///   - name: of the files: `NAME.cert` and `NAME.key`.
    ///   - hosts: whom it is for: `IP:127.0.0.1,DNS:registry.test`.
    func sign(_ name: String, hosts: String) throws {
        try folder.write(Array("subjectAltName=\(hosts)\n".utf8), to: "\(name).ext")
        try openssl(
            "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=\(name)", "-keyout", "\(name).key", "-out",
            "\(name).csr")
        try openssl(
            "x509", "-req", "-in", "\(name).csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "\(name).ext", "-out", "\(name).cert")
    }

    /// A folder for `--cert-dir`, with some of the files under the names that it has for them.
    func certDir(_ files: [String: String] = ["authority.crt": "ca.crt"]) throws -> TemporaryFolder {
        let copy = try TemporaryFolder()
        for (name, file) in files { try copy.write(folder.read(file), to: name) }
        return copy
    }

    private func openssl(_ arguments: String...) throws {
        try Program.output(["openssl"] + arguments, in: folder.path)
    }
}
