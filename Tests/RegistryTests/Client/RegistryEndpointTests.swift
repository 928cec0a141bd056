import Errors
@testable import Registry
import Testing

@Suite("Places of registries")
struct RegistryEndpointTests {
    private func places(_ registry: String, tlsVerify: Bool = true) throws -> [String] {
        try RegistryEndpoint.candidates(registry, tlsVerify: tlsVerify, task: "cannot pull x").map { "\($0)" }
    }

    @Test("are reached by https alone") func secure() throws {
        #expect(try places("registry.example") == ["https://registry.example"])
        #expect(try places("registry.example:5000") == ["https://registry.example:5000"])
        #expect(try places("10.0.0.1:443") == ["https://10.0.0.1"])
        #expect(try places("[2001:db8::1]:5000") == ["https://[2001:db8::1]:5000"])
        #expect(try places("localhost.example") == ["https://localhost.example"])
    }

    @Test("may be without TLS where the user says so") func unverified() throws {
        #expect(
            try places("registry.example:5000", tlsVerify: false)
                == ["https://registry.example:5000", "http://registry.example:5000"])
    }

    @Test("may be without TLS on this machine", arguments: ["localhost:5000", "127.0.0.1:5000", "[::1]:5000"])
    func loopback(_ registry: String) throws {
        for tlsVerify in [true, false] {
            #expect(try places(registry, tlsVerify: tlsVerify) == ["http://\(registry)", "https://\(registry)"])
        }
    }

    @Test("are at another host than their name says for Docker Hub alone") func hub() throws {
        #expect(try places("docker.io") == ["https://registry-1.docker.io"])
        #expect(try places("docker.io.example") == ["https://docker.io.example"])
        #expect(try RegistryEndpoint.named("docker.io", task: "").name == "docker.io")
    }

    @Test(
        "are refused where they are none",
        arguments: ["r.example:0", "r.example:65536", "r.example:99999999999999999999", "", "a b", "u:p@r.example"])
    func malformed(_ registry: String) throws {
        let failure = #expect(throws: ToolError.self) { try places(registry) }
        #expect(failure?.code == .usage)
        #expect(failure?.message == "cannot pull x")
    }
}
