import Foundation
import Synchronization
import TestSupport
import Testing

/// Tests of `load` with a daemon that is missing, forbidden, interrupted, or whose layers change.
@Suite("load, with a failing daemon")
struct LoadRefusalTests {
    private let fixture: LoadFixture
    private var machine: TestMachine { fixture.machine }

    init() throws { fixture = try LoadFixture() }

    @Test("A missing daemon is an error with a remedy")
    func missing() throws {
        for (host, cause) in [
            ("unix://\(machine.path("none"))", "no such file or directory"),
            ("tcp://127.0.0.1:1", "connection refused"),
        ] {
            let outcome = try fixture.load(["spec.json"], host: host)
            #expect(outcome.status == 69)
            #expect(outcome.output.isEmpty)
            #expect(outcome.failure?.what == "cannot use the Docker daemon at \(host)")
            #expect(outcome.failure?.cause == cause)
            #expect(
                outcome.failure?.fix == "start it (systemctl start docker), or name another with --host or DOCKER_HOST")
        }
    }

    @Test("A forbidden socket is an error with a remedy")
    func forbidden() throws {
        let proxy = try SocketProxy(to: fixture.docker.host)
        let socket = proxy.host.trimmingPrefix("unix://")
        let outcome = try machine.shell(
            """
            chmod 711 . "$(dirname '\(socket)')"; chmod 600 '\(socket)'
            cp "$DOCKERTOOLS" program; chmod 755 program
            setpriv --reuid 65534 --clear-groups ./program load spec.json
            """, environment: ["DOCKER_HOST": proxy.host])
        #expect(outcome.status == 69)
        #expect(outcome.failure?.cause == "permission denied")
        #expect(
            outcome.failure?.fix == "run as a user that may access the daemon: root, or a member of the group docker")
    }

    @Test("A daemon that dies during the load keeps no part of the image")
    func dies() throws {
        let proxy = try SocketProxy(to: fixture.docker.host, limit: 1_000_000)
        let outcome = try fixture.load(["spec.json"], host: proxy.host)
        #expect(outcome.status == 69)
        #expect(outcome.output.isEmpty)
        #expect(outcome.failure?.what == "cannot use the Docker daemon at \(proxy.host)")
        #expect(try fixture.docker.run(["image", "inspect", "\(fixture.name):1"]).status != 0)
        #expect(try machine.leftovers.isEmpty)
    }

    @Test("TLS needs the client's certificate")
    func tls() throws {
        let certificates = try Self.certificates()
        let proxy = try SocketProxy(to: fixture.docker.host, certificates: certificates.path)
        func environment(_ directory: String) -> [String: String] {
            ["DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": certificates.path(directory)]
        }
        let loaded = try fixture.loaded(["spec.json"], host: proxy.host, environment: environment("client"))
        #expect(loaded.output == proxy.host)
        #expect(try fixture.docker.inspect("\(fixture.name):1", "{{.Id}}") == loaded.imageID)
        let stranger = try fixture.load(["spec.json"], host: proxy.host, environment: environment("stranger"))
        #expect(stranger.status == 69)
        #expect(stranger.failure?.cause == "its certificate is not signed by a trusted CA, or is expired")
        #expect(try fixture.load(["spec.json"], host: proxy.host, environment: environment("nobody")).status == 69)
        #expect(try fixture.load(["spec.json"], host: proxy.host).status == 69)
    }

    @Test("Layers that the daemon removed in the meantime are sent again")
    func changesItsMind() throws {
        let digests = try machine.layered(["--json"]).text.matches(of: /"diffID":"(sha256:[0-9a-f]{64})"/).map(\.1)
        let loads = ReceivedArchives()
        let layers = digests.prefix(2).map { "\"\($0)\"" }.joined(separator: ",")
        let server = try ScriptedServer { request in
            switch request.path {
            case "/_ping": return .init(200, [("API-Version", "1.41")])
            case "/info": return .init(200, text: #"{"ServerVersion":"20"}"#)
            case "/images/json": return .init(200, text: #"[{"Id":"sha256:x"}]"#)
            case "/images/sha256:x/json":
                return .init(200, text: #"{"Id":"sha256:x","RootFS":{"Type":"layers","Layers":[\#(layers)]}}"#)
            case "/images/load":
                let count = loads.keep(request.body)
                return .init(
                    200, text: count == 1 ? "{\"error\":\"open /x/layer.tar: no such file or directory\"}\n" : "{}\n")
            default: return .init(404, text: "{}")
            }
        }
        let outcome = try fixture.load(["spec.json"], host: "tcp://\(server.authority)")
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("warning: the daemon has removed layers in the meantime"))
        #expect(outcome.errors.contains("sent 3 of 3 layers"))
        let names = try loads.names
        #expect(names.count == 2)
        #expect(digests.count == 3)
        #expect((1...3).map { names[0].contains("layers/00\($0).tar") } == [false, false, true])
        #expect((1...3).map { names[1].contains("layers/00\($0).tar") } == [true, true, true])
    }

    @Test("podman gets a whole archive if it does not have what its images say")
    func podmanLosesLayers() throws {
        let digests = try machine.layered(["--json"]).text.matches(of: /"diffID":"sha256:([0-9a-f]{64})"/).map(\.1)
        let loads = ReceivedArchives()
        let server = try ScriptedServer { request in
            switch request.path {
            case "/_ping": return .init(200, [("API-Version", "1.41"), ("Libpod-API-Version", "4.3.1")])
            case "/images/json": return .init(200, text: #"[{"Id":"sha256:x"}]"#)
            case "/images/sha256:x/json":
                return .init(200, text: #"{"Id":"sha256:x","RootFS":{"Layers":["sha256:\#(digests[1])"]}}"#)
            case "/images/load":
                let count = loads.keep(request.body)
                return count == 1 ? .init(500, text: #"{"message":"reading blob: no such file"}"#) : .init(200)
            default: return .init(404, text: "{}")
            }
        }
        let outcome = try fixture.load(["spec.json"], host: "tcp://\(server.authority)")
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("(reading blob: no such file): all layers are sent"))
        #expect(outcome.errors.contains("sent 3 of 3 layers"))
        let names = try loads.names
        #expect(digests.map { names[0].contains("blobs/sha256/\($0)") } == [true, false, true])
        #expect((1...3).map { names[1].contains("layers/00\($0).tar") } == [true, true, true])
    }

    @Test("The daemon's error message is shown", arguments: [500, 200])
    func message(status: Int) throws {
        let server = try ScriptedServer { request in
            switch request.path {
            case "/_ping": return .init(200, [("API-Version", "1.47")])
            case "/info":
                return .init(200, text: #"{"DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]}"#)
            default: return .init(status, text: #"{"message":"no space left","error":"no space left"}"#)
            }
        }
        let outcome = try fixture.load(["spec.json"], host: "tcp://\(server.authority)")
        #expect(outcome.status == 69)
        #expect(outcome.failure?.cause == "the daemon's message: no space left")
        // A daemon that needs all layers is not searched for them.
        #expect(server.lines == ["GET /_ping", "GET /info", "POST /images/load"])
    }

    /// Makes a CA, a server certificate for 127.0.0.1, and three clients: with a certificate of the CA, with one of
    /// another CA, and without one.
    private static func certificates() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let script = """
            new() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout $1.key -out $1.pem \
                -subj /CN=$1; }
            sign() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.csr -subj /CN=$1 &&
                printf 'subjectAltName=IP:127.0.0.1' > extensions &&
                openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out $1.pem; }
            new ca && new other && sign server && sign cert && mkdir client stranger nobody &&
            cp ca.pem cert.pem client && cp cert.key client/key.pem && cp other.pem stranger/ca.pem && cp ca.pem nobody
            """
        try Program.output(["bash", "-e", "-c", script], in: directory.path)
        return directory
    }
}

/// The archives that a daemon received.
private final class ReceivedArchives: Sendable {
    private let archives = Mutex<[[UInt8]]>([])

    /// Keeps an archive.
    ///
    /// - Returns: the number of archives so far.
    func keep(_ archive: [UInt8]) -> Int {
        archives.withLock { archives in
            archives.append(archive)
            return archives.count
        }
    }

    /// The names of the members of each archive, one on each line.
    var names: [String] {
        get throws {
            try archives.withLock { $0 }.map { archive in
                String(decoding: try Program.output(["tar", "-t"], input: archive), as: UTF8.self)
            }
        }
    }
}
