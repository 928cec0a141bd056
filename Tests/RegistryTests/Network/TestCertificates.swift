import SystemPackage
import TestSupport

/// An authority and what it signed, made by openssl for a test.
struct TestCertificates {
    let folder: TemporaryFolder

    /// `ca.crt`, `other.crt` (another authority), `client.cert` and `client.key`, `stranger.key`.
    init() throws {
        folder = try TemporaryFolder()
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
            ["openssl"] + arguments.split(separator: " ").map(String.init), in: folder.path)
        guard outcome.status == 0 else { throw Program.Failed(["openssl"], outcome) }
    }

    /// A folder with some of the files, under other names.
    func folder(_ files: [String: String]) throws -> TemporaryFolder {
        let copy = try TemporaryFolder()
        for (name, file) in files { try copy.write(folder.read(file), to: name) }
        return copy
    }
}
