import Testing

@testable import DockerTools

@Suite("How registries are reached")
struct RegistryAccessTests {
    private static func access(for names: [String]) throws -> RegistryAccess {
        var access = RegistryAccess()
        (access.credentials, access.certDir, access.timeout) = ("ann:hunter2", "certs", 5)
        try access.choose(among: names)
        return access
    }

    @Test("a spec that wants no certificate says so for its own registry alone, and is told nothing of another")
    func unverified() throws {
        let other = try Self.access(for: ["other.example/app"]).unverified("spec.example")
        #expect(other.registry == "spec.example")
        #expect(!other.tlsVerify)
        #expect(other.credentials == nil)
        #expect(other.certDir == nil)
        #expect(other.timeout == 5)
        let same = try Self.access(for: ["spec.example/app"]).unverified("spec.example")
        #expect(same.credentials == "ann:hunter2")
        #expect(same.certDir == "certs")
        let any = try Self.access(for: []).unverified("spec.example")
        #expect(any.registry == "spec.example")
        #expect(any.credentials == "ann:hunter2")
    }
}
