import Foundation
import TestSupport
import Testing

/// Tests with a docker-registry whose certificate is signed by a private CA.
@Suite("Registries with a private CA")
struct RegistryTLSTests {
    private struct Servers {
        let authority: TestAuthority
        let registry: RegistryServer
        /// The same registry, but clients need a certificate of the CA.
        let strict: RegistryServer
        /// A registry with a certificate for another host.
        let misplaced: RegistryServer
    }

    private static let started = Result {
        let authority = try TestAuthority()
        try authority.sign("here", hosts: "IP:127.0.0.1,DNS:localhost")
        try authority.sign("there", hosts: "DNS:elsewhere.test")
        try authority.sign("client", hosts: "DNS:client.test")
        let start = { (name: String, more: String) in
            try RegistryServer(
                http: "tls: {certificate: DIRECTORY/cert, key: DIRECTORY/key\(more)}",
                files: [
                    "cert": authority.read("\(name).cert"), "key": authority.read("\(name).key"),
                    "ca": authority.read("ca.crt"),
                ])
        }
        return Servers(
            authority: authority, registry: try start("here", ""),
            strict: try start("here", ", clientcas: [DIRECTORY/ca]"),
            misplaced: try start("there", ""))
    }

    private let bench: LoginBench
    private let servers: Servers
    private var image: String { "\(servers.registry.name)/app:1" }

    init() throws {
        bench = try LoginBench()
        servers = try Self.started.get()
        try bench.push(image, ["--cert-dir", servers.authority.certDir(in: bench)])
    }

    @Test("The CA is not trusted by default")
    func unknownAuthority() throws {
        let outcome = try bench.pull(image)
        #expect(outcome.status == 69)
        #expect(outcome.errors.contains("its certificate is not signed by a trusted CA"), "\(outcome.errors)")
        #expect(outcome.errors.contains("--cert-dir"))
        let other = try TestAuthority("another")
        #expect(try bench.pull(image, ["--cert-dir", other.certDir(in: bench)]).status == 69)
        #expect(try bench.pull(image, [], ["SSL_CERT_FILE": other.certificate]).status == 69)
    }

    @Test("The CA is trusted through --cert-dir, SSL_CERT_FILE, SSL_CERT_DIR or a directory for the host")
    func knownAuthority() throws {
        let directory = try servers.authority.certDir(in: bench)
        let perHost = bench.directory.path("home/.config/containers/certs.d/\(servers.registry.name)")
        let ways: [([String], [String: String])] = [
            (["--cert-dir", directory], [:]), ([], ["SSL_CERT_FILE": servers.authority.certificate]),
            ([], ["SSL_CERT_DIR": directory]), ([], [:]),
        ]
        for (options, environment) in ways {
            if options.isEmpty, environment.isEmpty {
                try FileManager.default.createDirectory(atPath: perHost, withIntermediateDirectories: true)
                try FileManager.default.copyItem(atPath: servers.authority.certificate, toPath: perHost + "/ca.crt")
            }
            let outcome = try bench.pull(image, options, environment)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }

    @Test("--tls-verify=false accepts any certificate")
    func unverified() throws {
        let outcome = try bench.pull(image, ["--tls-verify=false"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let misplaced = "\(servers.misplaced.name)/app:1"
        try bench.push(misplaced, ["--tls-verify=false"])
        #expect(try bench.pull(misplaced, ["--tls-verify=false"]).status == 0)
    }

    @Test("tlsVerify in a spec accepts any certificate, also for the base of a pushed image")
    func unverifiedBySpec() throws {
        let pin = try bench.output(["prefetch", image, "--tls-verify=false", "--spec", "json"])
        let strict = pin.replacing(",\n  \"tlsVerify\": false", with: "")
        #expect(strict != pin)
        let other = "\(try RegistryServer.shared.name)/on-unverified:1"
        for (pin, status) in [(pin, Int32(0)), (strict, 69)] {
            try bench.write(pin, to: "pin.json")
            #expect(try bench.pull("pin.json").status == status)
            try bench.write(#"{"name": "on", "fromImage": {"pull": \#(pin)}}"#, to: "on.json")
            #expect(try bench.run(["push", "on.json", other]).status == status)
        }
    }

    @Test("A certificate for another host is refused")
    func otherHost() throws {
        let options = ["--cert-dir", try servers.authority.certDir(in: bench)]
        let outcome = try bench.pull("\(servers.misplaced.name)/app:1", options)
        #expect(outcome.status == 69)
        #expect(outcome.errors.contains("its certificate is for another host"), "\(outcome.errors)")
    }

    @Test("A registry can require a client certificate")
    func clientCertificate() throws {
        let image = "\(servers.strict.name)/app:1"
        let authority = servers.authority
        let known = try authority.certDir(
            in: bench,
            [
                "ca.crt": "ca.crt", "me.cert": "client.cert", "me.key": "client.key",
            ])
        try bench.push(image, ["--cert-dir", known])
        #expect(try bench.pull(image, ["--cert-dir", known]).status == 0)
        let outcome = try bench.pull(image, ["--cert-dir", authority.certDir(in: bench)])
        #expect(outcome.status == 69)
        #expect(outcome.errors.contains("it requires a client certificate that it trusts"), "\(outcome.errors)")
        let half = try authority.certDir(in: bench, ["ca.crt": "ca.crt", "me.cert": "client.cert"])
        let broken = try bench.pull(image, ["--cert-dir", half])
        #expect(broken.status == 65)
        #expect(broken.errors.contains("its key, 'me.key', is missing"), "\(broken.errors)")
    }
}
