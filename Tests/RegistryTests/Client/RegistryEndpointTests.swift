import Errors
import TestSupport
import Testing

@testable import Registry

@Suite("Registry endpoint")
struct RegistryEndpointTests {
    private func candidates(_ registry: String, tlsVerify: Bool = true) throws -> [String] {
        try RegistryEndpoint.candidates(registry, tlsVerify: tlsVerify, task: "cannot pull x").map { "\($0)" }
    }

    @Test("uses only https") func secure() throws {
        #expect(try candidates("registry.example") == ["https://registry.example"])
        #expect(try candidates("registry.example:5000") == ["https://registry.example:5000"])
        #expect(try candidates("10.0.0.1:443") == ["https://10.0.0.1"])
        #expect(try candidates("[2001:db8::1]:5000") == ["https://[2001:db8::1]:5000"])
        #expect(try candidates("localhost.example") == ["https://localhost.example"])
    }

    @Test("tries http without verification") func unverified() throws {
        #expect(
            try candidates("registry.example:5000", tlsVerify: false)
                == ["https://registry.example:5000", "http://registry.example:5000"])
    }

    @Test("tries http first on loopback hosts", arguments: ["localhost:5000", "127.0.0.1:5000", "[::1]:5000"])
    func loopback(_ registry: String) throws {
        for tlsVerify in [true, false] {
            #expect(try candidates(registry, tlsVerify: tlsVerify) == ["http://\(registry)", "https://\(registry)"])
        }
    }

    @Test("has another host name for Docker Hub only") func hub() throws {
        #expect(try candidates("docker.io") == ["https://registry-1.docker.io"])
        #expect(try candidates("docker.io.example") == ["https://docker.io.example"])
        #expect(try RegistryEndpoint.named("docker.io", task: "").name == "docker.io")
    }

    @Test(
        "rejects invalid names",
        arguments: ["r.example:0", "r.example:65536", "r.example:99999999999999999999", "", "a b", "u:p@r.example"])
    func malformed(_ registry: String) throws {
        let failure = #expect(throws: ToolError.self) { try candidates(registry) }
        #expect(failure?.code == .usage)
        #expect(failure?.message == "cannot pull x")
    }

    @Test("fails at once if no server is running", arguments: ["127.0.0.1:1", "[::1]:1"])
    func absent(registry: String) throws {
        let client = RegistryClient(
            registry, task: "cannot pull it", transport: HTTPTransport { _ in HTTPSettings(timeout: 60) },
            settings: RegistrySettings(retries: RetryPolicy(count: 1, pause: 3600)))
        let failure = try #require(throws: ToolError.self) { try client.manifest("app", "1") }
        #expect(failure.code == .unavailable)
        #expect(failure.message == "cannot pull it")
        #expect(failure.cause.hasPrefix("\(registry): "))
    }

    @Test("accepts a server without TLS that returns 400")
    func plainAndStrict() throws {
        let server = try ScriptedServer { _ in ScriptedServer.Response(400, text: "") }
        let client = RegistryClient(
            server.authority, task: "cannot pull it", transport: HTTPTransport { _ in HTTPSettings(timeout: 60) },
            settings: RegistrySettings(retries: RetryPolicy(count: 0)))
        let failure = try #require(throws: ToolError.self) { try client.manifest("app", "1") }
        #expect(failure.cause == "GET \(server.url)/v2/app/manifests/1 returned 400")
    }
}
