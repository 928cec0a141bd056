import Errors
import Foundation
import NIOSSL
import TestSupport
import Testing

@testable import DockerEngine
@testable import OCI
@testable import Registry

@Suite("Docker host")
struct DockerHostTests {
    /// An empty home directory.
    private let home: TemporaryDirectory

    init() throws { home = try TemporaryDirectory() }

    private func host(_ option: String? = nil, _ environment: [String: String] = [:]) throws -> DockerHost {
        try DockerHost.find(option, environment: environment.merging(["HOME": home.path]) { own, _ in own })
    }

    /// The server of a daemon that is reached directly.
    private func server(of host: DockerHost) -> HTTPOrigin? {
        guard case .direct(let origin) = host.way else { return nil }
        return origin
    }

    private func failure(_ option: String?, _ environment: [String: String] = [:]) -> ToolError? {
        #expect(throws: ToolError.self) { try host(option, environment) }
    }

    @Test("is the given address, then DOCKER_HOST")
    func addresses() throws {
        let forms: [(String, HTTPOrigin)] = [
            ("unix:///run/user/1/docker.sock", .socket(path: "/run/user/1/docker.sock")),
            ("tcp://127.0.0.1:4243", .web(scheme: .http, host: "127.0.0.1", port: 4243)),
            ("tcp://Build.Example", .web(scheme: .http, host: "build.example", port: 2375)),
            ("tcp://[::1]:2375/", .web(scheme: .http, host: "::1", port: 2375)),
            ("http://build.example:80", .web(scheme: .http, host: "build.example", port: 80)),
            ("https://build.example", .web(scheme: .https, host: "build.example", port: 2376)),
        ]
        for (text, origin) in forms {
            #expect(try server(of: host(text)) == origin)
            #expect(try server(of: host(nil, ["DOCKER_HOST": text])) == origin)
        }
        #expect(try host("unix:///a", ["DOCKER_HOST": "unix:///b"]).name == "unix:///a")
        #expect(try host("unix:///a").tls == nil)
    }

    @Test("rejects invalid and unsupported addresses")
    func refusals() throws {
        for text in [
            "", "docker.example", "unix://relative", "unix:///" + String(repeating: "a", count: 110), "tcp://",
            "tcp://host:0", "tcp://host:65536", "tcp://host:1/path", "tcp://a b:1", "tcp://user:word@host:1",
            "npipe:////./pipe/docker", "fd://", "tcp://[::1", "tcp://host:1?x",
        ] {
            #expect(failure(text)?.code == .usage, "\(text)")
        }
    }

    @Test(
        "is reached by ssh as docker does it",
        arguments: [
            ("ssh://build", "-- build docker system dial-stdio", "ssh://build"),
            ("ssh://me@Build.example:2222", "-l me -p 2222 -- Build.example docker system dial-stdio", nil),
            ("ssh://[::1]:22/", "-p 22 -- ::1 docker system dial-stdio", "ssh://[::1]:22"),
            ("ssh://a@b@host", "-l a@b -- host docker system dial-stdio", nil),
            (
                "ssh://host/run/docker.sock", "-- host docker --host=unix:///run/docker.sock system dial-stdio", nil
            ),
            (
                "ssh://host/a%20b;'$x",
                #"-- host docker --host='unix:///a b;'\''$x' system dial-stdio"#, "ssh://host/a b;'$x"
            ),
        ])
    func ssh(address: String, arguments: String, name: String?) throws {
        for found in [try host(address), try host(nil, ["DOCKER_HOST": address])] {
            guard case .ssh(let ssh, let environment) = found.way else {
                Issue.record("\(address)")
                continue
            }
            #expect(ssh.arguments.joined(separator: " ") == "ssh -o ConnectTimeout=30 -T " + arguments)
            #expect(found.name == name ?? address)
            #expect(environment["HOME"] == home.path)
        }
    }

    @Test("rejects addresses that ssh or a shell could take for something else")
    func sshRefusals() throws {
        for text in [
            "ssh://", "ssh://-oProxyCommand=x", "ssh://me@-oProxyCommand=x", "ssh://-lx@host", "ssh://me:word@host",
            "ssh://@host", "ssh://a b", "ssh://a;b", "ssh://$(a)", "ssh://host:0", "ssh://host:65536", "ssh://host:x",
            "ssh://host?x", "ssh://host/a?x", "ssh://host/a#x", "ssh://host/a%0Ab", "ssh://host/%", "ssh://m%0Ae@host",
            "ssh://a:b:1",
        ] { #expect(failure(text)?.code == .usage, "\(text)") }
        let option = failure(nil, ["DOCKER_HOST": "ssh://-oX"])
        #expect(option?.message == "cannot use the Docker daemon 'ssh://-oX' of DOCKER_HOST")
        #expect(option?.cause == "the host begins with '-', as options of ssh do")
    }

    @Test("uses TLS if docker's variables request it")
    func tls() throws {
        let files = try TestCertificates()
        let directory = try files.directory(["ca.pem": "ca.crt", "cert.pem": "client.cert", "key.pem": "client.key"])
        let variables = ["DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": directory.path]
        let secure = try host("tcp://build.example", variables)
        #expect(server(of: secure) == .web(scheme: .https, host: "build.example", port: 2376))
        #expect(secure.tls?.certificateVerification == .fullVerification)
        #expect(secure.tls?.certificateChain.count == 1)
        #expect(try server(of: host("tcp://build.example:1", variables))?.scheme == .https)
        #expect(try host("unix:///socket", variables).tls == nil)
        #expect(failure("tcp://host", ["DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": home.path])?.code == .data)
    }

    @Test("is docker's current context")
    func context() throws {
        let id = try SHA256.digest(of: Array("far".utf8)).hex
        func write(_ text: String, to name: String) throws {
            let path = home.path(".docker/\(name)")
            try FileManager.default.createDirectory(
                atPath: URL(filePath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
            try home.write(Array(text.utf8), to: ".docker/\(name)")
        }
        try write("{\"auths\": {}, \"currentContext\": \"far\"}", to: "config.json")
        #expect(failure(nil)?.code == .data)
        try write(
            "{\"Name\": \"far\", \"Endpoints\": {\"docker\": {\"Host\": \"tcp://far.example:2376\"}}}",
            to: "contexts/meta/\(id)/meta.json")
        #expect(try host().name == "tcp://far.example:2376")
        #expect(try host().tls == nil)
        #expect(try host(nil, ["DOCKER_HOST": "unix:///near"]).name == "unix:///near")
        #expect(try host(nil, ["DOCKER_CONTEXT": "default"]).name.hasPrefix("unix://"))
        let missing = failure(nil, ["DOCKER_CONTEXT": "other"])
        #expect(missing?.message == "cannot use docker's context 'other'")
        let files = try TestCertificates()
        try write(
            String(decoding: files.directory.read("ca.crt"), as: UTF8.self), to: "contexts/tls/\(id)/docker/ca.pem")
        #expect(try server(of: host())?.scheme == .https)
        #expect(try host().tls?.certificateVerification == .fullVerification)
        try write("{\"Endpoints\": {}}", to: "contexts/meta/\(id)/meta.json")
        #expect(failure(nil)?.cause.hasSuffix("names no Docker daemon") == true)
        try write("junk", to: "config.json")
        #expect(try host().name.hasPrefix("unix://"))
    }

    @Test("is podman's service if there is no Docker socket")
    func podman() throws {
        try FileManager.default.createDirectory(atPath: home.path("podman"), withIntermediateDirectories: true)
        try home.write([], to: "podman/podman.sock")
        let isDocker = FileManager.default.fileExists(atPath: "/var/run/docker.sock")
        #expect(
            try host(nil, ["XDG_RUNTIME_DIR": home.path]).name
                == (isDocker ? "unix:///var/run/docker.sock" : "unix://\(home.path("podman/podman.sock"))"))
    }
}
