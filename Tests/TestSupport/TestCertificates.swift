/// Two CAs and a client certificate, made by openssl for a test.
package struct TestCertificates {
    /// The directory with `ca.crt`, `other.crt` (another CA), `client.cert` and `client.key`, `stranger.key`.
    package let directory: TemporaryDirectory

    /// Makes the certificates.
    package init() throws {
        directory = try TemporaryDirectory()
        for name in ["ca", "other"] {
            try openssl(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout \(name).pem -out \(name).crt "
                    + "-subj /CN=\(name)")
        }
        try openssl("ecparam -name prime256v1 -genkey -noout -out client.key")
        try openssl("ecparam -name prime256v1 -genkey -noout -out stranger.key")
        try openssl("req -new -key client.key -subj /CN=client -out client.csr")
        try openssl("x509 -req -in client.csr -CA ca.crt -CAkey ca.pem -CAcreateserial -days 2 -out client.cert")
    }

    private func openssl(_ arguments: String) throws {
        let outcome = try Program.run(
            ["openssl"] + arguments.split(separator: " ").map(String.init), in: directory.path)
        guard outcome.status == 0 else { throw Program.Failed(["openssl"], outcome) }
    }

    /// Makes a directory with copies of some files.
    ///
    /// - Parameter files: the new names with the names in `directory`.
    package func directory(_ files: [String: String]) throws -> TemporaryDirectory {
        let copy = try TemporaryDirectory()
        for (name, file) in files { try copy.write(directory.read(file), to: name) }
        return copy
    }
}
