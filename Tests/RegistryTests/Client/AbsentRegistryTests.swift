import Errors
@testable import Registry
import TestSupport
import Testing

@Suite("A registry that is not there")
struct AbsentRegistryTests {
    @Test("is told at once, and not waited for", arguments: ["127.0.0.1:1", "[::1]:1"])
    func absent(registry: String) throws {
        let client = RegistryClient(
            registry, task: "cannot pull it", transport: HTTPTransport { _ in HTTPSettings(timeout: 5) },
            settings: RegistrySettings(retries: RetryPolicy(count: 1, pause: 3600)))
        let failure = try #require(throws: ToolError.self) { try client.manifest("app", "1") }
        #expect(failure.code == .unavailable)
        #expect(failure.message == "cannot pull it")
        #expect(failure.cause.hasPrefix("\(registry): "))
    }

    @Test("may be one without TLS that says 400 for another reason")
    func plainAndStrict() throws {
        let server = try ScriptedServer { _ in ScriptedServer.Answer(400, text: "") }
        let client = RegistryClient(
            server.authority, task: "cannot pull it", transport: HTTPTransport { _ in HTTPSettings(timeout: 5) },
            settings: RegistrySettings(retries: RetryPolicy(count: 0)))
        let failure = try #require(throws: ToolError.self) { try client.manifest("app", "1") }
        #expect(failure.cause == "GET \(server.url)/v2/app/manifests/1 returned 400")
    }
}
