import Errors
import TestSupport
import Testing

@testable import DockerEngine
@testable import OCI
@testable import Registry

/// Tests the client with scripted servers.
@Suite("Docker daemon")
final class DockerDaemonTests {
    /// Keeps the servers alive.
    private var servers: [ScriptedServer] = []

    private static let ping = [("API-Version", "1.41"), ("Server", "Docker/20.10.24 (linux)")]

    private func serve(_ responses: [String: ScriptedServer.Response]) throws -> (DockerDaemon, ScriptedServer) {
        let server = try ScriptedServer { request in
            responses["\(request.method) \(request.path)"]
                ?? ScriptedServer.Response(404, text: "{\"message\":\"No such image: nothing\"}")
        }
        servers.append(server)
        return (DockerDaemon(try DockerHost.find("tcp://\(server.authority)", environment: [:])), server)
    }

    private func layers(_ letters: String) throws -> [Digest] {
        try letters.map { try SHA256.digest(of: Array("\($0)".utf8)) }
    }

    @Test("is identified with what it can reuse")
    func kinds() throws {
        let (graph, _) = try serve([
            "GET /_ping": .init(200, Self.ping, text: "OK"),
            "GET /info": .init(
                200, text: #"{"ServerVersion":"20.10.24","Driver":"overlay2","DriverStatus":[["a","b"]]}"#),
        ])
        #expect(try graph.kind().name == "Docker 20.10.24")
        #expect(try graph.kind().reuse == .chains)
        let (containerd, _) = try serve([
            "GET /_ping": .init(200, Self.ping, text: "OK"),
            "GET /info": .init(
                200, text: #"{"ServerVersion":"29","DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]}"#),
        ])
        #expect(try containerd.kind().name == "Docker 29 with containerd's image store")
        #expect(try containerd.kind().reuse == .blobs(areListed: false))
        let (podman, server) = try serve([
            "GET /_ping": .init(200, Self.ping + [("Libpod-Api-Version", "4.3.1")], text: "OK")
        ])
        #expect(try podman.kind().name == "podman")
        #expect(try podman.kind().reuse == .layers)
        #expect(server.lines == ["GET /_ping", "GET /_ping"])
    }

    @Test(
        "tells which blobs it has from version 1.48 of the API on",
        arguments: [("1.47", false), ("1.48", true), ("1.100", true), ("2.0", true), ("x", false), ("1", false)])
    func listsBlobs(version: String, areListed: Bool) throws {
        let (daemon, _) = try serve([
            "GET /_ping": .init(200, [("API-Version", version)], text: "OK"),
            "GET /info": .init(200, text: #"{"DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]}"#),
        ])
        #expect(try daemon.kind().reuse == .blobs(areListed: areListed))
    }

    @Test("is believed to have blobs only of a complete image whose manifest follows from its record")
    func blobs() throws {
        let (a, config) = (try layers("ab"), try layers("c")[0])
        let manifest = Manifest(
            config: Descriptor(mediaType: MediaType.config, digest: config, size: 7),
            layers: zip(a, [10, 20]).map {
                Descriptor(mediaType: "application/vnd.oci.image.layer.v1.tar", digest: $0, size: UInt64($1))
            })
        let id = try manifest.blob().descriptor.digest
        func blobs(_ id: Digest, _ record: String, available: String = "true", of other: String? = nil) throws -> Int {
            let list = a.map { "\"\($0)\"" }.joined(separator: ",")
            let (daemon, server) = try serve([
                "GET /images/json": .init(200, text: #"[{"Id":"\#(id)"}]"#),
                "GET /images/\(id)/json": .init(
                    200,
                    text: """
                        {"Id":"\(id)","RootFS":{"Layers":[\(list)]},"Descriptor":{"annotations":{"dev.dockertools.manifest":\
                        "\(record)"}},"Manifests":[{"ID":"\(other ?? "\(id)")","Available":\(available)}]}
                        """),
            ])
            let blobs = try daemon.blobs()
            #expect(server.requests.last?.target == "/images/\(id)/json?manifests=true")
            if !blobs.isEmpty { #expect(blobs == [a[0]: 10, a[1]: 20]) }
            return blobs.count
        }
        #expect(try blobs(id, "\(config) 7 10 20") == 2)
        #expect(try blobs(id, "\(config) 7 10 20", available: "false") == 0)
        #expect(try blobs(id, "\(config) 7 10 20", of: "\(config)") == 0)
        #expect(try blobs(config, "\(config) 7 10 20") == 0)
        for record in [
            "", "\(config)", "\(config) 7 10", "\(config) 7 10 21", "\(config) 7 10 20 30", "\(config) 7 10  20",
            "\(config) 7 10 x", "\(config) 7 10 -20", "\(id) 7 10 20", "sha256:../x 7 10 20",
            "\(config) 7 10 18446744073709551615",
        ] { #expect(try blobs(id, record) == 0, "\(record)") }
    }

    @Test("is not another HTTP server")
    func strangers() throws {
        for response in [
            ScriptedServer.Response(200, text: "OK"), .init(500, Self.ping), .init(301, [("Location", "/x")]),
        ] {
            let failure = #expect(throws: ToolError.self) { try serve(["GET /_ping": response]).0.kind() }
            #expect(failure?.code == .unavailable)
            #expect(failure?.cause.hasSuffix("is not a Docker daemon") == true)
        }
        var cut = ScriptedServer.Response(200, Self.ping, text: "{}")
        cut.length = .falsely(10)
        cut.cutAfter = 2
        let (daemon, _) = try serve(["GET /_ping": .init(200, Self.ping), "GET /info": cut])
        let failure = #expect(throws: ToolError.self) { try daemon.kind() }
        #expect(failure?.code == .unavailable)
    }

    @Test("lists the chain IDs of all images, intermediate ones too")
    func chains() throws {
        let (a, b, c) = (try layers("a"), try layers("ab"), try layers("xb"))
        func image(_ id: String, _ layers: [Digest]) -> ScriptedServer.Response {
            let list = layers.map { "\"\($0)\"" }.joined(separator: ",")
            return .init(
                200, text: #"{"Id":"\#(id)","RepoTags":["n:1"],"RootFS":{"Type":"layers","Layers":[\#(list)]}}"#)
        }
        let (daemon, server) = try serve([
            "GET /images/json": .init(200, text: #"[{"Id":"i1"},{"Id":"i2"},{"Id":"i2"},{"Id":"i3"},{"Id":"gone"}]"#),
            "GET /images/i1/json": image("i1", a), "GET /images/i2/json": image("i2", b),
            "GET /images/i3/json": image("i3", c),
        ])
        let chains = try daemon.chains()
        let wanted = try Set(ChainID.all(b) + ChainID.all(c))
        #expect(chains == wanted)
        #expect(chains.count == 4)
        #expect(!chains.contains(try layers("b")[0]))
        #expect(server.requests.first?.target == "/images/json?all=1")
        #expect(server.lines.count == 5)
    }

    @Test("gets percent-encoded names")
    func names() throws {
        let (daemon, server) = try serve(["GET /images/host:5000/a/b:1/json": .init(200, text: #"{"Id":"i"}"#)])
        #expect(try daemon.image("host:5000/a/b:1")?.id == "i")
        #expect(try daemon.image("none?all=1") == nil)
        #expect(server.requests.last?.target == "/images/none%3Fall%3D1/json")
        let failure = #expect(throws: ToolError.self) { try daemon.tag("i", ImageName(name: "h:5/a", tag: "1&x")) }
        #expect(server.requests.last?.target == "/images/i/tag?repo=h%3A5%2Fa&tag=1%26x")
        #expect(failure?.cause == "POST /images/i/tag returned 404: No such image: nothing")
    }

    @Test("loads an archive that is generated while it is sent")
    func loads() throws {
        let (daemon, server) = try serve([
            "POST /images/load": .init(
                200, text: "{\"status\":\"Loading layer\"}\r\n{\"stream\":\"Loaded image: a:1\\n\"}\r\n")
        ])
        let bytes = [UInt8](repeating: 5, count: 1_000_000)
        try daemon.load { try $0.write(bytes) }
        #expect(server.requests.last?.body == bytes)
        #expect(server.requests.last?.headers["content-type"] == "application/x-tar")
        #expect(server.requests.last?.query == ["quiet": "1"])
    }

    @Test("explains why it rejects an archive")
    func refuses() throws {
        for (response, words) in [
            (ScriptedServer.Response(500, text: #"{"message":"no space\u001b left"}"#), "no space\u{FFFD} left"),
            (
                .init(
                    200, text: "{\"stream\":\"x\"}\n{\"errorDetail\":{\"message\":\"bad layer\"},\"error\":\"other\"}\n"
                ), "bad layer"
            ),
            (.init(200, text: "{\"error\":\"open layer.tar: no such file\"}\n"), "open layer.tar: no such file"),
            (
                .init(
                    200,
                    text: "{\"stream\":\"Error unpacking image a:1: no layer\\n\"}\n{\"stream\":\"Loaded image\"}\n"),
                "Error unpacking image a:1: no layer"
            ),
            (.init(502), "HTTP 502"),
        ] {
            let (daemon, _) = try serve(["POST /images/load": response])
            let refusal = #expect(throws: DaemonLoadError.self) { try daemon.load { try $0.write([1]) } }
            #expect(refusal?.message == words)
        }
    }

    @Test("is reported if it dies during a response")
    func dies() throws {
        var cut = ScriptedServer.Response(200, text: "{\"status\":\"Loading layer\"}\n")
        cut.length = .falsely(1000)
        cut.cutAfter = 10
        let (daemon, _) = try serve(["POST /images/load": cut, "GET /images/i/get": cut])
        let loading = #expect(throws: ToolError.self) { try daemon.load { try $0.write([1]) } }
        #expect(loading?.code == .unavailable)
        let saving = #expect(throws: ToolError.self) { try daemon.save("i").readAll() }
        #expect(saving?.code == .unavailable)
        #expect(saving?.message.hasPrefix("cannot use the Docker daemon at tcp://127.0.0.1:") == true)
    }
}
