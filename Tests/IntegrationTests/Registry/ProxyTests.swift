import TestSupport
import Testing

/// Tests with proxies that connect to docker-registry for any host name.
@Suite("Proxies from the environment")
struct ProxyTests {
    private struct Servers {
        /// An image on a host name that only the proxies resolve.
        let image: String
        let port: String
        let trust: [String: String]
        let registry: RegistryServer
        let authority: TestAuthority

        init() throws {
            authority = try TestAuthority()
            try authority.sign("named", hosts: "DNS:registry.test")
            registry = try RegistryServer(
                http: "tls: {certificate: DIRECTORY/cert, key: DIRECTORY/key}",
                files: ["cert": authority.read("named.cert"), "key": authority.read("named.key")])
            port = try #require(registry.name.split(separator: ":").last.map(String.init))
            image = "registry.test:\(port)/app:1"
            trust = ["SSL_CERT_FILE": authority.certificate]
        }
    }

    private static let started = Result { try Servers() }

    private let bench: LoginBench
    private let servers: Servers

    init() throws {
        bench = try LoginBench()
        servers = try Self.started.get()
    }

    @Test("A registry with TLS is reached by CONNECT, with the proxy's credentials")
    func https() throws {
        let (image, port) = (servers.image, servers.port)
        let with = { (proxy: String) in servers.trust.merging(["https_proxy": proxy, "no_proxy": ""]) { $1 } }

        let open = try PeerServer("connect_proxy.py", [port])
        try bench.push(image, [], with(open.url))
        let outcome = try bench.pull(image, [], with(open.url))
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(Set(open.asked) == ["CONNECT registry.test:\(port) HTTP/1.1 granted"])
        #expect(try bench.pull(image, [], servers.trust).status == 69)
        let count = open.asked.count
        #expect(try bench.pull(image, [], with(open.url).merging(["no_proxy": ".test"]) { $1 }).status == 69)
        #expect(open.asked.count == count)

        let closed = try PeerServer("connect_proxy.py", [port, "ann:hunter2"])
        let address = closed.url.dropFirst("http://".count)
        #expect(try bench.pull(image, [], with("http://ann:hunter2@\(address)")).status == 0)
        let stranger = try bench.pull(image, [], with("http://bob:hunter2@\(address)"))
        #expect(stranger.status == 69)
        #expect(stranger.errors.contains("the proxy requires other credentials"), "\(stranger.errors)")
        #expect(Set(closed.asked.map { $0.split(separator: " ").last }) == ["granted", "refused"])
        let unusable = try bench.pull(image, [], with("https://ann:hunter2@\(address)"))
        #expect(unusable.status == 64)
        #expect(unusable.errors.contains("cannot use the proxy in $https_proxy"))
    }

    @Test("A SOCKS 5 proxy resolves the host names")
    func socks() throws {
        let proxy = try PeerServer("socks_proxy.py", [servers.port])
        let environment = servers.trust.merging(["all_proxy": proxy.url]) { $1 }
        try bench.push(servers.image, [], environment)
        let outcome = try bench.pull(servers.image, [], environment)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(Set(proxy.asked) == ["registry.test:\(servers.port)"])
        let withUser = proxy.url.replacing("socks5://", with: "socks5://ann:hunter2@")
        let unusable = try bench.pull(servers.image, [], servers.trust.merging(["all_proxy": withUser]) { $1 })
        #expect(unusable.status == 64)
        #expect(unusable.errors.contains("a user for a SOCKS proxy is not supported"))
    }

    @Test("A proxy serves a registry without TLS, if TLS is turned off")
    func plain() throws {
        let registry = try RegistryServer.shared
        let port = try #require(registry.name.split(separator: ":").last.map(String.init))
        let proxy = try PeerServer("connect_proxy.py", [port])
        let image = "registry.test:\(port)/proxied/plain:1"
        let environment = ["http_proxy": proxy.url]
        try bench.push(image, ["--tls-verify=false"], environment)
        let outcome = try bench.pull(image, ["--tls-verify=false"], environment)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(Set(proxy.asked) == ["CONNECT registry.test:\(port) HTTP/1.1 granted"])
        #expect(try bench.pull(image, [], environment).status == 69)
    }

    @Test("Loopback addresses are connected to without the proxy")
    func loopback() throws {
        let plain = try RegistryServer.shared
        let image = "\(plain.name)/proxied/loopback:1"
        let nowhere = ["https_proxy": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"]
        try bench.push(image, [], nowhere)
        let outcome = try bench.pull(image, [], nowhere)
        #expect(outcome.status == 0, "\(outcome.errors)")
    }
}
